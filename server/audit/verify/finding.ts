import type { FindingKind, Witness } from "@/server/audit/verify/judge-row";

/** What was found, one for each affected row. `event_id` null: unknown; `chain_seq` null: the row has none. */
export type Finding = {
  readonly zone_id: string;
  readonly chain_seq: number | null;
  readonly event_id: string | null;
  readonly finding: FindingKind;
  readonly columns: readonly string[];
  readonly witnesses: readonly Witness[];
};

export type Totals = { rows: number; proved: number; tampered: number; removed: number; not_provable: number };
export const noTotals = (): Totals => ({ rows: 0, proved: 0, tampered: 0, removed: 0, not_provable: 0 });

export const removedKinds: ReadonlySet<FindingKind> = new Set(["row_deleted", "tail_truncated"]);
const innocent: ReadonlySet<FindingKind> = new Set(["not_provable", "key_drift", "retention_gap"]);

/** Counts a finding where it belongs. */
export function countFinding(totals: Totals, finding: FindingKind): void {
  if (removedKinds.has(finding)) totals.removed += 1;
  else if (finding === "not_provable") totals.not_provable += 1;
  else if (!innocent.has(finding)) totals.tampered += 1;
}

/** An event that the stream holds a signed copy of, and that neither the rows nor the dead letters have. */
export type Absent = {
  readonly seq: number;
  readonly id: string;
  readonly tail: boolean;
  readonly occurredAt?: number; // epoch ms
  readonly entry?: string; // where in the stream its copy is
};

/** A row as it was seen at an earlier time and kept outside that database. */
export type Anchor = {
  readonly seq: number;
  readonly id: string;
  readonly content: string;
  readonly at?: number; // when it was seen, epoch ms
  readonly occurredAt?: number; // epoch ms
  readonly inDefault?: boolean; // it lay in the default partition, which retention never takes
};

/** A row as far as its neighbours care. */
export type Place = {
  readonly seq: number;
  readonly id: string;
  readonly content: string;
  readonly prev: string | null;
  readonly stands: boolean; // its hash is the sealed one, so the next link may be held against it
  clean: boolean; // nothing was found on it so far
};
