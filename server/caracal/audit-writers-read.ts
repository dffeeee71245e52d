import { boundedRead } from "@/server/caracal/bounded-read";
import type { Database, Queryable } from "@/server/platform/postgres";

const narrow = "Run the commands of the step by hand, as an owner of the database.";
const mostConnections = 100;
const mostRoles = 100;
export const mostAdminActs = 50;

/** Connections to Caracal's database, by role and application. Of other roles' connections some columns are hidden from ours. */
export type Connections = {
  readonly role: string;
  readonly application: string;
  readonly connections: number;
  readonly addresses: readonly string[]; // those that may be seen
  readonly since: string | null; // the oldest whose start may be seen, ISO
  readonly hidden: number; // whose address, start and state may not be seen
};
/** A role that could change audit_events or one of its partitions, and how. */
export type Writer = { readonly role: string; readonly login: boolean; readonly by: readonly string[] };
export type AdminAct = {
  readonly at: string;
  readonly actor: string | null;
  readonly action: string;
  readonly path: string | null;
  readonly status: number | null;
};

const connectionsSql = `SELECT coalesce(usename::text, '?') AS role, coalesce(application_name, '') AS application, count(*)::int AS connections,
    array_remove(array_agg(DISTINCT host(client_addr)), NULL) AS addresses, to_char(min(backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
    count(*) FILTER (WHERE backend_start IS NULL)::int AS hidden
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ${mostConnections}`;

const writersSql = `WITH RECURSIVE audit AS (
    SELECT c.oid, c.relowner FROM pg_class c WHERE c.oid = 'public.audit_events'::regclass
    UNION SELECT c.oid, c.relowner FROM audit a JOIN pg_inherits i ON i.inhparent = a.oid JOIN pg_class c ON c.oid = i.inhrelid)
  SELECT r.rolname AS role, r.rolcanlogin AS login, array_remove(ARRAY[
      CASE WHEN r.rolsuper THEN 'superuser' END,
      CASE WHEN EXISTS (SELECT 1 FROM audit a WHERE a.relowner = r.oid) THEN 'owns it' END,
      CASE WHEN NOT r.rolsuper AND EXISTS (SELECT 1 FROM audit a WHERE a.relowner <> r.oid AND pg_has_role(r.oid, a.relowner, 'MEMBER')) THEN 'member of its owner' END,
      CASE WHEN NOT r.rolsuper AND EXISTS (SELECT 1 FROM audit a WHERE has_any_column_privilege(r.oid, a.oid, 'INSERT')) THEN 'INSERT' END,
      CASE WHEN NOT r.rolsuper AND EXISTS (SELECT 1 FROM audit a WHERE has_any_column_privilege(r.oid, a.oid, 'UPDATE')) THEN 'UPDATE' END,
      CASE WHEN NOT r.rolsuper AND EXISTS (SELECT 1 FROM audit a WHERE has_table_privilege(r.oid, a.oid, 'DELETE')) THEN 'DELETE' END,
      CASE WHEN NOT r.rolsuper AND EXISTS (SELECT 1 FROM audit a WHERE has_table_privilege(r.oid, a.oid, 'TRUNCATE')) THEN 'TRUNCATE' END], NULL) AS by
    FROM pg_roles r ORDER BY r.rolname`;

/** Who is connected to Caracal's database now, and which roles could write to the audit log, by the catalogues. */
export async function readWriters(
  db: Database,
): Promise<{ readonly connections: readonly Connections[]; readonly writers: readonly Writer[] }> {
  return db.transaction(async (tx) => {
    await tx.query("SET TRANSACTION READ ONLY");
    return {
      connections: await tx.query<Connections>(connectionsSql),
      writers: await tx.query<Writer>(
        `SELECT * FROM (${writersSql}) AS every WHERE cardinality(by) > 0 LIMIT ${mostRoles}`,
      ),
    };
  });
}

/** What administrators did through Caracal's API in a window, in this zone or in none, newest first, one more than the most. */
export const readAdminActs = (db: Database, zoneId: string, from: string, to: string): Promise<AdminAct[]> =>
  boundedRead(db, { timeoutMs: 5_000, narrow }, async (tx: Queryable) => {
    const page = (zone: "zone_id = $1" | "zone_id IS NULL AND $1::text IS NOT NULL") =>
      tx.query<AdminAct>(
        `SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, actor_name AS actor, action, path, status_code AS status
           FROM admin_audit_events WHERE ${zone} AND occurred_at BETWEEN $2 AND $3 ORDER BY occurred_at DESC LIMIT ${mostAdminActs + 1}`,
        [zoneId, from, to],
      );
    const both = [...(await page("zone_id = $1")), ...(await page("zone_id IS NULL AND $1::text IS NOT NULL"))];
    return both.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, mostAdminActs + 1);
  });

export type ChainPlace = {
  readonly seq: number;
  readonly id: string;
  readonly occurredAt: string;
  readonly ingestedAt: string;
};

/** Rows of a zone at these places of its chain, over the index (zone_id, chain_seq). */
export const readPlaces = (db: Database, zoneId: string, seqs: readonly number[]): Promise<ChainPlace[]> =>
  boundedRead(db, { timeoutMs: 5_000, narrow }, (tx) =>
    tx.query<ChainPlace>(
      `SELECT chain_seq::float8 AS seq, id, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "occurredAt",
              to_char(ingested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "ingestedAt"
         FROM unnest($2::bigint[]) AS wanted (seq) CROSS JOIN LATERAL (
           SELECT * FROM audit_events WHERE zone_id = $1 AND chain_seq = wanted.seq ORDER BY id LIMIT 2) AS row ORDER BY chain_seq, id`,
      [zoneId, seqs],
    ),
  );
