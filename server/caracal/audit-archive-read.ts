import type { Partition } from "@/server/audit/archive/retention";
import type { Queryable } from "@/server/platform/postgres";

/** The next zone ids that any event carries, one index probe each (a loose scan): also ids that no zones row has. */
export async function nextEventZones(tx: Queryable, after: string, limit: number): Promise<string[]> {
  const probe = (than: string) => `(SELECT zone_id FROM audit_events WHERE zone_id > ${than} ORDER BY zone_id LIMIT 1)`;
  const rows = await tx.query<{ id: string }>(
    `WITH RECURSIVE seen (id, n) AS (
       SELECT zone_id, 1 FROM ${probe("$1")} AS first
       UNION ALL SELECT next.zone_id, n + 1 FROM seen CROSS JOIN LATERAL ${probe("seen.id")} AS next WHERE n < $2)
     SELECT id FROM seen`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

/** Rows whose times of ingestion are looked at at once, so that one that somebody changed does not lead astray. */
const probed = 5;

/** When what stands at a place of the chain was ingested, Unix ms: the middle one of a few neighbours; null behind the end. */
async function ingestedAround(tx: Queryable, zoneId: string, seq: number): Promise<number | null> {
  const rows = await tx.query<{ at: number }>(
    `SELECT (extract(epoch FROM ingested_at) * 1000)::float8 AS at FROM audit_events
      WHERE zone_id = $1 AND chain_seq >= $2 ORDER BY chain_seq LIMIT ${probed}`,
    [zoneId, seq],
  );
  const times = rows.map(({ at }) => at).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? null;
}

/**
 * The place in a zone's chain from which on rows were ingested at or after a moment (Unix ms): found by halving, since no index holds
 * ingested_at and a chain grows in the order of ingestion. About twenty probes of the index (zone_id, chain_seq). Null: there are none.
 */
export async function firstSeqSince(tx: Queryable, zoneId: string, since: number): Promise<number | null> {
  const [ends] = await tx.query<{ low: number | null; high: number | null }>(
    `SELECT (SELECT chain_seq::float8 AS seq FROM audit_events WHERE zone_id = $1 AND chain_seq IS NOT NULL ORDER BY chain_seq LIMIT 1) AS low,
            (SELECT chain_seq::float8 AS seq FROM audit_events WHERE zone_id = $1 AND chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) AS high`,
    [zoneId],
  );
  let [low, high] = [ends?.low ?? null, ends?.high ?? null];
  if (low === null || high === null) return null;
  const first = low;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await ingestedAround(tx, zoneId, middle);
    if (at !== null && at < since) low = middle + 1;
    else high = middle;
  }
  return Math.max(first, low - probed);
}

const bound = /^FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)$/;

/** The months' partitions of audit_events from the oldest up to the first that holds rows, and those after it. */
export async function readPartitions(tx: Queryable): Promise<Partition[]> {
  await tx.query("SELECT set_config('TimeZone', 'UTC', true)"); // bounds are printed in it
  const rows = await tx.query<{ bound: string }>(
    `SELECT pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'audit_events'::regclass`,
  );
  const months = rows
    .flatMap(({ bound: text }) => {
      const [, from = "", to = ""] = bound.exec(text) ?? [];
      const [start, end] = [from, to].map((time) => Date.parse(time.replace(" ", "T").replace(/\+00$/, "Z")));
      return Number.isNaN(start) || Number.isNaN(end) ? [] : [{ from: start as number, to: end as number }];
    })
    .sort((a, b) => a.from - b.from);
  let found = false;
  const partitions: Partition[] = [];
  for (const { from, to } of months) {
    found ||=
      (
        await tx.query("SELECT 1 FROM audit_events WHERE occurred_at >= $1 AND occurred_at < $2 LIMIT 1", [
          new Date(from),
          new Date(to),
        ])
      ).length > 0;
    partitions.push({ from, to, holdsRows: found });
  }
  return partitions;
}

/** The last hour that the exporter says it has exported, Unix ms; null: it never did. */
export async function exportWatermark(tx: Queryable): Promise<number | null> {
  const [row] = await tx.query<{ hour: Date }>(
    "SELECT last_exported_hour::timestamptz AS hour FROM audit_export_watermark WHERE name = 'parquet-hourly'",
  );
  return row?.hour.getTime() ?? null;
}
