import type { Scope } from "@/server/evidence/vault/schemas";
import type { Queryable } from "@/server/platform/postgres";

/** An item as its worker takes it. */
export type ItemRow = {
  readonly id: string;
  readonly incident_id: string | null;
  readonly incident_number: number | null;
  readonly reason: string;
  readonly scope: Scope;
  readonly requested_by_id: string;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly started_at: Date;
  readonly redo: number;
};

export type Custody = {
  readonly act:
    | "ordered"
    | "created"
    | "ended"
    | "cancelled"
    | "viewed"
    | "downloaded"
    | "re-verified"
    | "mismatch"
    | "handed-over"
    | "removed";
  readonly by: { readonly id: string; readonly name: string } | null; // null: the console itself
  readonly name?: string; // of one file
  readonly note: string;
};

/** Puts on an item's custody log who did what with it. It can be neither changed nor taken back. */
export async function keepCustody(tx: Queryable, itemId: string, { act, by, name, note }: Custody): Promise<void> {
  await tx.query(
    "INSERT INTO evidence_custody (item_id, act, by_id, by_name, name, note) VALUES ($1, $2, $3, $4, $5, $6)",
    [itemId, act, by?.id ?? null, by?.name ?? "console", name ?? null, note],
  );
}

/** What a scope says, for people. */
export function scopeWords({ zone, from, to, partition }: Scope): string {
  const whose = zone === null ? "every zone" : `zone ${zone.name}`;
  if (partition !== null) return `${whose}, partition ${partition}`;
  if (from === null && to === null) return `${whose}, all of it`;
  return `${whose}, ${from ?? "the beginning"} to ${to ?? "now"}`;
}
