import type { Queryable } from "@/server/platform/postgres";
import { type RedriveContext, type RunRow, TakenOver } from "@/server/redrive/run-rows";

/** What became of entries: by n, why or how. */
export type Outcome = { readonly n: number; readonly outcome: string };

/**
 * Counts on the run, and proof that this worker still holds it: a transaction that changes entries begins with it.
 * @throws TakenOver
 */
export async function holdRun(
  tx: Queryable,
  ctx: Pick<RedriveContext, "holder">,
  run: Pick<RunRow, "id">,
  set: string,
  params: readonly unknown[] = [],
): Promise<void> {
  const rows = await tx.query(
    `UPDATE redrive_runs SET heartbeat_at = now(), error = NULL, ${set}
      WHERE id = $1 AND holder = $2 AND state IN ('running', 'paused') RETURNING 1`,
    [run.id, ctx.holder, ...params],
  );
  if (rows.length === 0) throw new TakenOver();
}

/** The first and last n of entries: with them a statement walks no further over the key than it must, whatever the planner knows. */
export const span = (entries: readonly { readonly n: number }[]): readonly [number, number] => [
  entries.reduce((least, { n }) => Math.min(least, n), 2_147_483_647),
  entries.reduce((most, { n }) => Math.max(most, n), 0),
];

/** Moves entries on from the state they must be in; gives the n of those that were. */
export async function moveEntries(
  tx: Queryable,
  runId: string,
  from: readonly string[],
  to: string,
  moved: readonly Outcome[],
): Promise<readonly number[]> {
  if (moved.length === 0) return [];
  const rows = await tx.query<{ n: number }>(
    `UPDATE redrive_entries e SET state = $3, outcome = given.outcome FROM unnest($4::int[], $5::text[]) AS given (n, outcome)
      WHERE e.run_id = $1 AND e.n = given.n AND e.n BETWEEN $6 AND $7 AND e.state = ANY ($2) RETURNING e.n`,
    [
      runId,
      from,
      to,
      moved.map(({ n }) => n),
      moved.map(({ outcome }) => outcome.replaceAll("\0", "").slice(0, 1_000)),
      ...span(moved),
    ],
  );
  return rows.map(({ n }) => n);
}
