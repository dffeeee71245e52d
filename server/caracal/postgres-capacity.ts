import type { Queryable } from "@/server/platform/postgres";

/** What Caracal's Postgres says about taking rows, as the console's role may see it. */
export type Capacity = {
  readonly connections: number; // to this database
  readonly hidden: number; // of those, whose state our role may not see
  readonly most: number; // max_connections
  readonly waiting: number; // locks that are waited for, in this database
  readonly auditLocks: number; // of those, on audit_events or its partitions
  readonly bytes: number; // of the database
  readonly standby: boolean;
  readonly readOnly: string | null; // where writes are switched off; null: nowhere that can be seen
  readonly seesAll: boolean; // pg_read_all_stats
  readonly slow: number | null; // statements longer than 30 s; null: our role may not see
  readonly monthThere: boolean; // the partition that events of now belong to
};

/** A few catalogue rows; nothing of it depends on how much is stored. */
export async function readCapacity(tx: Queryable): Promise<Capacity> {
  const [row] = await tx.query<Capacity>(
    `WITH seen AS (SELECT * FROM pg_stat_activity WHERE datname = current_database()),
          sees AS (SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS everything),
          audit AS (SELECT 'audit_events'::regclass::oid AS oid UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_events'::regclass)
     SELECT (SELECT count(*) FROM seen)::int AS connections,
            (SELECT count(*) FROM seen WHERE state IS NULL AND usename IS DISTINCT FROM current_user)::int AS hidden,
            current_setting('max_connections')::int AS most,
            (SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))::int AS waiting,
            (SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IN (SELECT oid FROM audit))::int AS "auditLocks",
            pg_database_size(current_database())::float8 AS bytes,
            pg_is_in_recovery() AS standby,
            coalesce(
              (SELECT CASE WHEN setting = 'on' AND source NOT IN ('session', 'database', 'user', 'database user') THEN 'for the whole server (default_transaction_read_only)' END
                 FROM pg_settings WHERE name = 'default_transaction_read_only'),
              (SELECT 'by ALTER ' || CASE WHEN setrole = 0 THEN 'DATABASE' ELSE 'ROLE ' || pg_get_userbyid(setrole) END || ' (default_transaction_read_only)'
                 FROM pg_db_role_setting
                WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                  AND EXISTS (SELECT 1 FROM unnest(setconfig) AS c WHERE c ~* '^default_transaction_read_only=(on|true|yes|1)$') LIMIT 1)) AS "readOnly",
            (SELECT everything FROM sees) AS "seesAll",
            CASE WHEN (SELECT everything FROM sees)
                 THEN (SELECT count(*) FROM seen WHERE state = 'active' AND query_start < now() - interval '30 seconds' AND pid <> pg_backend_pid())::int END AS slow,
            to_regclass('audit_events_y' || to_char(now() AT TIME ZONE 'UTC', 'YYYY"m"MM')) IS NOT NULL AS "monthThere"`,
  );
  if (row === undefined) throw new Error("Postgres gave no answer");
  return row;
}

type Probe = { readonly zone: string; readonly low: number; readonly high: number };
const mostZones = 500;

/**
 * Rows ingested in the last `minutes`, from the chains: their numbers follow ingestion, so that a search by halves over the index
 * (zone_id, chain_seq) finds where the time begins, about twenty probes a zone. 500 zones at most; `more` says that there are others.
 */
export async function rowsIngested(
  tx: Queryable,
  minutes: number,
): Promise<{ readonly rows: number; readonly more: boolean }> {
  const heads = await tx.query<{ zone: string; seq: number; recent: boolean }>(
    `SELECT z.id AS zone, h.seq, h.recent FROM (SELECT id FROM zones ORDER BY id LIMIT ${mostZones + 1}) AS z CROSS JOIN LATERAL (
       SELECT chain_seq::float8 AS seq, ingested_at > now() - make_interval(mins => $1) AS recent FROM audit_events
        WHERE zone_id = z.id AND chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) AS h`,
    [minutes],
  );
  // In (low, high]: the first row of the time. low is known to be older (0: before the chain), high to be of it.
  let open: Probe[] = heads
    .slice(0, mostZones)
    .filter(({ recent }) => recent)
    .map(({ zone, seq }) => ({ zone, low: 0, high: seq }));
  const first = new Map<string, number>();
  while (open.length > 0) {
    const asked = open.map((probe) => ({ ...probe, middle: Math.floor((probe.low + probe.high) / 2) }));
    const answers = await tx.query<{ at: number; recent: boolean | null }>(
      `SELECT w.at::int AS at, r.recent FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS w (zone, seq, at) LEFT JOIN LATERAL (
         SELECT ingested_at > now() - make_interval(mins => $3) AS recent FROM audit_events
          WHERE zone_id = w.zone AND chain_seq <= w.seq ORDER BY chain_seq DESC LIMIT 1) AS r ON true`,
      [asked.map(({ zone }) => zone), asked.map(({ middle }) => middle), minutes],
    );
    const recent = new Map(answers.map((answer) => [answer.at - 1, answer.recent === true]));
    open = asked.flatMap(({ zone, low, high, middle }, at) => {
      const next = recent.get(at) === true ? { zone, low, high: middle } : { zone, low: middle, high };
      if (next.high - next.low > 1) return [next];
      first.set(zone, next.high);
      return [];
    });
  }
  const rows = heads.reduce(
    (sum, { zone, seq }) => sum + (first.has(zone) ? seq - (first.get(zone) ?? seq) + 1 : 0),
    0,
  );
  return { rows, more: heads.length > mostZones };
}
