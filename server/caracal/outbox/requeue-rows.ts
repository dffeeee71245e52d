import type { OutboxName } from "@/server/caracal/outbox/outbox-read";
import type { Queryable } from "@/server/platform/postgres";

export type RequeueState = { readonly published: number; readonly waiting: number; readonly dead: number };
export type DeadRow = { readonly stream: string; readonly attempts: number; readonly lastError: string | null };

const dead: Readonly<Record<OutboxName, string>> = {
  event_outbox: "dispatched_at IS NULL AND available_at = 'infinity'",
  caracal_outbox: "status = 'dead'",
};
const published: Readonly<Record<OutboxName, string>> = {
  event_outbox: "dispatched_at IS NOT NULL",
  caracal_outbox: "status = 'published'",
};

/** Those of the rows that are dead right now, by id. */
export async function readDeadRows(
  db: Queryable,
  outbox: OutboxName,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DeadRow>> {
  const columns =
    outbox === "event_outbox" ? "stream_name AS stream, last_error" : "topic AS stream, NULL::text AS last_error";
  const rows = await db.query<{ id: string; stream: string; attempts: number; last_error: string | null }>(
    `SELECT id, attempts, ${columns} FROM ${outbox} WHERE id = ANY ($1) AND ${dead[outbox]}`,
    [ids],
  );
  return new Map(rows.map(({ id, stream, attempts, last_error }) => [id, { stream, attempts, lastError: last_error }]));
}

/**
 * Makes dead rows due again, with attempts counted anew: whoever dispatches that outbox takes them up. A row that is not dead is left,
 * so that doing it twice does it once. Nothing else of a row changes.
 */
export async function requeueDeadRows(db: Queryable, outbox: OutboxName, ids: readonly string[]): Promise<void> {
  const set =
    outbox === "event_outbox"
      ? "available_at = now(), attempts = 0"
      : "status = 'pending', available_at = now(), attempts = 0";
  await db.query(`UPDATE ${outbox} SET ${set} WHERE id = ANY ($1) AND ${dead[outbox]}`, [ids]);
}

/**
 * Where the rows stand now. A row that is gone: the coordinator deletes what it published after 7 days, so that counts as published;
 * nothing deletes rows of event_outbox, so there nobody can say it was, and it counts as dead.
 */
export async function requeueState(db: Queryable, outbox: OutboxName, ids: readonly string[]): Promise<RequeueState> {
  const [row] = await db.query<{ known: number; published: number; dead: number }>(
    `SELECT count(*)::int AS known, count(*) FILTER (WHERE ${published[outbox]})::int AS published,
            count(*) FILTER (WHERE ${dead[outbox]})::int AS dead FROM ${outbox} WHERE id = ANY ($1)`,
    [ids],
  );
  const [known, out, parked] = [row?.known ?? 0, row?.published ?? 0, row?.dead ?? 0];
  const gone = ids.length - known;
  const [goneOut, goneDead] = outbox === "caracal_outbox" ? [gone, 0] : [0, gone];
  return { published: out + goneOut, waiting: known - out - parked, dead: parked + goneDead };
}
