import type { Actor } from "@/server/auth/roles";
import type { Queryable } from "@/server/platform/postgres";
import type { EntryDetails } from "@/server/timeline/schemas";

/** The console's own chain: refusals, exports after closing, settings, what belongs to no incident. */
export const consoleChain = "00000000-0000-0000-0000-000000000000";

export type NewEntry = {
  readonly chain: string; // an incident's id, or consoleChain
  readonly kind: string; // "<family>.<what>", as in "approval.requested"
  readonly by: Actor | null; // null: the console itself
  readonly summary: string; // one sentence with its figures; never a secret
  readonly details?: EntryDetails;
};

/**
 * Appends to the record in the caller's transaction, so that an entry and the state it describes are there together or not at
 * all. Call it last in the transaction: from here to the commit other writers of the same chain wait. Entries of several chains
 * are written in chain order, so that two transactions never wait for each other.
 * @throws a database error (object_not_in_prerequisite_state) when the incident's timeline is closed.
 */
export async function appendEntries(tx: Queryable, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = [...entries]
    .sort((a, b) => (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : 0))
    .map(({ chain, kind, by, summary, details = {} }) => ({
      chain,
      kind,
      actor_id: by?.id ?? null,
      actor_name: by?.name ?? "console",
      actor_roles: by?.roles.join(",") ?? "",
      address: by?.address ?? null,
      request_id: by?.requestId ?? null,
      summary,
      details,
    }));
  await tx.query(
    `INSERT INTO timeline_entries (chain, kind, actor_id, actor_name, actor_roles, address, request_id, summary, details)
     SELECT (e.row->>'chain')::uuid, e.row->>'kind', e.row->>'actor_id', e.row->>'actor_name', e.row->>'actor_roles',
            e.row->>'address', e.row->>'request_id', e.row->>'summary', e.row->'details'
       FROM json_array_elements($1::json) WITH ORDINALITY AS e (row, place) ORDER BY e.place`,
    [JSON.stringify(rows)],
  );
}

/** True for the database's refusal to append to a closed timeline (0003_timeline.sql). */
export const isClosedTimeline = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "55000";
