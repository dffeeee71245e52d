import type { RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { confirmEntries, type OnItsWay } from "@/server/redrive/confirm-entries";
import { holdRun, moveEntries, span } from "@/server/redrive/entry-states";
import type { RedriveContext, RunRow } from "@/server/redrive/run-rows";

const mostAtOnce = 2_000;

/** What settling did, and how many entries are still on their way. */
export type Settled = { readonly moved: number; readonly onTheirWay: number };

export type Open = OnItsWay & { readonly state: "added" | "confirmed" };

/** What a run has on its way, oldest first, 2,000 at most. */
export const openEntries = ({ db }: RedriveContext, run: RunRow): Promise<Open[]> =>
  db.query<Open>(
    `SELECT n, entry_id, event_id, occurred_at, content, new_id, state,
            (extract(epoch FROM clock_timestamp() - coalesce(added_at, 'epoch')) * 1000)::float8 AS waited_ms
       FROM redrive_entries WHERE run_id = $1 AND n > $2 AND n < $3 AND state IN ('added', 'confirmed') ORDER BY n LIMIT ${mostAtOnce}`,
    [run.id, run.settled_to, run.reached],
  );

/** Deletes the dead letters of confirmed entries and records it. Deleting one that is gone already is harmless. */
async function retire(
  ctx: RedriveContext,
  run: RunRow,
  confirmed: readonly Pick<Open, "n" | "entry_id">[],
): Promise<void> {
  if (confirmed.length === 0) return;
  await ctx.caracal.redis.xdel(run.stream, ...confirmed.map(({ entry_id: id }) => id));
  await ctx.db.transaction(async (tx) => {
    await holdRun(tx, ctx, run, "retired = retired + $3", [confirmed.length]);
    await tx.query(
      "UPDATE redrive_entries SET state = 'retired' WHERE run_id = $1 AND n = ANY ($2) AND n BETWEEN $3 AND $4 AND state = 'confirmed'",
      [run.id, confirmed.map(({ n }) => n), ...span(confirmed)],
    );
  });
}

/**
 * Brings forward what is on its way (`openEntries`): comes back → failed; arrived → confirmed, and recorded as that before its dead letter is deleted.
 * Only what that record took is deleted: an entry that came back meanwhile has failed, and its letter stays.
 */
export async function settleEntries(
  ctx: RedriveContext,
  run: RunRow,
  target: RevocationStream,
  open: readonly Open[],
): Promise<Settled> {
  let moved = 0;
  const left = open.filter(({ state }) => state === "confirmed");
  await retire(ctx, run, left);
  moved += left.length;
  const added = open.filter(({ state }) => state === "added");
  if (added.length > 0) {
    const { confirmed, failed } = await confirmEntries(ctx, run, target, added);
    const arrived = await ctx.db.transaction(async (tx) => {
      await holdRun(tx, ctx, run, "held_back = held_back"); // the lock first
      const now = await moveEntries(tx, run.id, ["added"], "confirmed", confirmed);
      const lost = await moveEntries(tx, run.id, ["added"], "failed", failed);
      await holdRun(tx, ctx, run, "confirmed = confirmed + $3, failed = failed + $4", [now.length, lost.length]);
      return new Set(now);
    });
    moved += confirmed.length + failed.length;
    await retire(
      ctx,
      run,
      added.filter(({ n }) => arrived.has(n)),
    );
  }
  return { moved, onTheirWay: await settledTo(ctx, run) };
}

/** Remembers up to where everything is over; gives how many are on their way. */
async function settledTo({ db, holder }: RedriveContext, run: RunRow): Promise<number> {
  const [row] = await db.query<{ first: number | null; open: number }>(
    `SELECT min(n) AS first, count(*)::int AS open FROM redrive_entries
      WHERE run_id = $1 AND n > $2 AND n < $3 AND state IN ('added', 'confirmed')`,
    [run.id, run.settled_to, run.reached],
  );
  const to = Math.min(row?.first ?? run.next_n, run.next_n) - 1;
  if (to > run.settled_to)
    await db.query("UPDATE redrive_runs SET settled_to = $3 WHERE id = $1 AND holder = $2 AND settled_to < $3", [
      run.id,
      holder,
      to,
    ]);
  return row?.open ?? 0;
}
