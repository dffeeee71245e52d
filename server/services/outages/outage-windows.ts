import type { Queryable } from "@/server/platform/postgres";

/** One time that a replica did not answer ready; times are the database's, epoch ms. */
export type Outage = {
  readonly replica: string;
  readonly readyUntil: number | null;
  readonly downSince: number;
  readonly downUntil: number;
  readonly upSince: number | null; // null: still down
  readonly reason: string;
};
export type Window = { readonly from: number; readonly to: number | null };

const most = 200;
const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** Outages of these replicas that were not over at `since`, oldest first; at most 200, the newest. */
export async function readOutages(db: Queryable, replicas: readonly string[], since: Date): Promise<Outage[]> {
  const rows = await db.query<Outage>(
    `SELECT replica, ${ms("ready_until")} AS "readyUntil", ${ms("down_since")} AS "downSince", ${ms("down_until")} AS "downUntil",
            ${ms("up_since")} AS "upSince", reason
       FROM replica_outages WHERE replica = ANY ($1) AND (up_since IS NULL OR up_since >= $2)
      ORDER BY down_since DESC LIMIT ${most}`,
    [replicas, since],
  );
  return rows.reverse();
}

/** When nobody looked, from `since` on; and until when somebody has looked. */
export async function readWatch(
  db: Queryable,
  since: Date,
): Promise<{
  readonly gaps: readonly { from: number; to: number }[];
  readonly watchedUntil: number | null;
  readonly now: number;
}> {
  const gaps = await db.query<{ from: number; to: number }>(
    `SELECT ${ms("from_at")} AS from, ${ms("to_at")} AS to FROM watch_gaps WHERE to_at >= $1 ORDER BY from_at LIMIT 50`,
    [since],
  );
  const [row] = await db.query<{ until: number | null; now: number }>(
    `SELECT ${ms("max(watched_until)")} AS until, ${ms("clock_timestamp()")} AS now FROM outage_watch`,
  );
  return { gaps, watchedUntil: row?.until ?? null, now: row?.now ?? 0 };
}

/** When not one of the replicas was ready: where their outages lie over one another. Pure. */
export function allDown(outages: readonly Outage[], replicas: readonly string[]): Window[] {
  if (replicas.length === 0) return [];
  const end = (outage: Outage) => outage.upSince ?? Number.POSITIVE_INFINITY;
  const starts = [...new Set(outages.map(({ downSince }) => downSince))].sort((a, b) => a - b);
  const windows: Window[] = [];
  for (const from of starts) {
    const standing = outages.filter((outage) => outage.downSince <= from && end(outage) > from);
    if (new Set(standing.map(({ replica }) => replica)).size < replicas.length) continue;
    const to = Math.min(...standing.map(end));
    windows.push({ from, to: Number.isFinite(to) ? to : null });
  }
  return windows;
}
