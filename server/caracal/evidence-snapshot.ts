import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { Client, escapeLiteral } from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { Queryable } from "@/server/platform/postgres";

export type CopyFormat = "csv" | "jsonl";
export type Copied = { readonly source: Readable; rows(): number };

/** One read-only snapshot of Caracal's Postgres: everything read through it agrees, however long it takes. */
export type Snapshot = Queryable & {
  /** What COPY gives of a query; the statement is `copyStatement`. One at a time; the rows are known at its end. */
  copy(statement: string): Copied;
};

const longestMs = 30 * 60_000; // of one statement: a snapshot keeps vacuum from its work for as long as it is open

/**
 * Opens a connection of its own, and on it one repeatable-read, read-only transaction, with times in UTC; closed when `work` ends, either
 * way. Not from the pool: COPY takes the whole connection, and one that was cut off in the middle is of no further use.
 */
export async function withSnapshot<T>(url: string, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    stream: () => socket,
    connectionTimeoutMillis: 5_000,
    application_name: "caracal-console evidence",
    keepAlive: true,
  });
  client.on("error", () => undefined); // the statement under way fails, and says so
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query(
      `SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true), set_config('statement_timeout', $1, true),
              set_config('idle_in_transaction_session_timeout', '120s', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)`,
      [`${longestMs}ms`],
    );
    const value = await work({
      query: async (sql, params = []) => (await client.query(sql, [...params])).rows,
      copy(statement) {
        const source = client.query(copyTo(statement, { highWaterMark: 1024 * 1024 }));
        return { source, rows: () => source.rowCount ?? 0 }; // none before its end
      },
    });
    await client.query("COMMIT");
    return value;
  } finally {
    socket.destroy(); // ended in the middle of a COPY it would go on reading
  }
}

/**
 * COPY of a query in one of two forms: CSV with a header as psql writes it, or one JSON object a line. JSON has no control characters, so
 * that with \x01 and \x02 for quote and delimiter COPY's CSV leaves every byte of it as it is.
 */
export function copyStatement(select: string, format: CopyFormat): string {
  if (format === "csv") return `COPY (${select}) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')`;
  return `COPY (SELECT row_to_json(one) FROM (${select}) AS one) TO STDOUT WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')`;
}

export type RowScope = {
  readonly zoneId: string | null;
  readonly from: string | null; // ISO, inclusive
  readonly to: string | null; // ISO, exclusive
  readonly partition: string | null; // then `from` and `to` are its bounds
};

const both = (conditions: readonly (string | null)[]): string => {
  const said = conditions.filter((condition) => condition !== null);
  return said.length === 0 ? "" : ` WHERE ${said.join(" AND ")}`;
};
const within = (column: string, { from, to }: RowScope): (string | null)[] => [
  from === null ? null : `${column} >= ${escapeLiteral(from)}`,
  to === null ? null : `${column} < ${escapeLiteral(to)}`,
];

/** Of one zone in the order of its index, so that nothing is sorted; of all as they lie. */
const orderOf = ({ zoneId, from, to, partition }: RowScope): string => {
  if (zoneId === null) return "";
  return from === null && to === null && partition === null ? " ORDER BY chain_seq" : " ORDER BY occurred_at";
};

const auditCondition = (scope: RowScope): string =>
  both([
    scope.zoneId === null ? null : `zone_id = ${escapeLiteral(scope.zoneId)}`,
    ...within("occurred_at", scope),
    scope.partition === null ? null : `tableoid = ${escapeLiteral(scope.partition)}::regclass`,
  ]);

/** What is read of each table. Values are in the text, since COPY takes no parameters: the text is what an auditor can run again. */
export const evidenceQueries: Readonly<
  Record<"rows" | "alerts" | "outbox" | "admin", { readonly table: string; select(scope: RowScope): string }>
> = {
  rows: {
    table: "audit_events",
    select: (scope) => `SELECT * FROM audit_events${auditCondition(scope)}${orderOf(scope)}`,
  },
  alerts: {
    table: "audit_ingest_alerts",
    select: (scope) =>
      `SELECT * FROM audit_ingest_alerts${both([scope.zoneId === null ? null : `zone_id = ${escapeLiteral(scope.zoneId)}`, ...within("observed_at", scope)])} ORDER BY id`,
  },
  outbox: {
    table: "event_outbox",
    select: (scope) =>
      `SELECT * FROM event_outbox${both([scope.zoneId === null ? null : `payload_json->>'zone_id' = ${escapeLiteral(scope.zoneId)}`, ...within("created_at", scope)])} ORDER BY id`,
  },
  admin: {
    table: "admin_audit_events",
    select: (scope) =>
      `SELECT * FROM admin_audit_events${both([scope.zoneId === null ? null : `(zone_id = ${escapeLiteral(scope.zoneId)} OR zone_id IS NULL)`, ...within("occurred_at", scope)])} ORDER BY occurred_at, id`,
  },
};

export type ZoneExtent = {
  readonly zoneId: string;
  readonly rows: number;
  readonly firstSeq: number | null;
  readonly firstContentSha256: string | null;
  readonly lastSeq: number | null;
  readonly lastContentSha256: string | null;
};

/** The first and the last row of each zone's chain among those of the scope, with their content hashes. */
export const zoneExtents = (snapshot: Queryable, scope: RowScope): Promise<ZoneExtent[]> =>
  snapshot.query<ZoneExtent>(
    `SELECT e.zone_id AS "zoneId", e.rows::float8 AS rows, e.first::float8 AS "firstSeq", f.content_sha256 AS "firstContentSha256",
            e.last::float8 AS "lastSeq", l.content_sha256 AS "lastContentSha256"
       FROM (SELECT zone_id, count(*) AS rows, min(chain_seq) AS first, max(chain_seq) AS last FROM audit_events${auditCondition(scope)} GROUP BY zone_id) AS e
       LEFT JOIN LATERAL (SELECT content_sha256 FROM audit_events WHERE zone_id = e.zone_id AND chain_seq = e.first LIMIT 1) AS f ON true
       LEFT JOIN LATERAL (SELECT content_sha256 FROM audit_events WHERE zone_id = e.zone_id AND chain_seq = e.last LIMIT 1) AS l ON true
      ORDER BY e.zone_id`,
  );

export type DatabaseIdentity = {
  readonly systemIdentifier: string | null; // null: the role may not ask for it
  readonly version: string;
  readonly database: string;
  readonly address: string | null; // null: a socket
  readonly role: string;
  readonly snapshot: string; // as pg_current_snapshot prints it
  readonly takenAt: string; // by the database's clock
};

/** Which database this is. The system identifier wants EXECUTE on pg_control_system(), which everybody has unless it was revoked. */
export async function identityOf(snapshot: Queryable): Promise<DatabaseIdentity> {
  const [may] = await snapshot.query<{ may: boolean }>(
    "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS may",
  );
  const [row] = await snapshot.query<Omit<DatabaseIdentity, "systemIdentifier"> & { id: string | null }>(
    `SELECT ${may?.may === true ? "(SELECT system_identifier::text FROM pg_control_system())" : "NULL::text"} AS id, version() AS version,
            current_database() AS database, host(inet_server_addr()) || ':' || inet_server_port() AS address, current_user AS role,
            pg_current_snapshot()::text AS snapshot, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "takenAt"`,
  );
  if (row === undefined) throw new Error("Postgres gave no row for a SELECT without FROM");
  const { id, ...rest } = row;
  return { systemIdentifier: id, ...rest };
}

export type ClockOffset = { readonly seconds: number; readonly uncertain: number };

/** How far Postgres's clock is ahead of the console's, in seconds, and by how much that may be wrong: half the round trip. */
export async function clockOffset(snapshot: Queryable, now: () => number = Date.now): Promise<ClockOffset> {
  const before = now();
  const [row] = await snapshot.query<{ at: number }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at",
  );
  const after = now();
  const rounded = (ms: number) => Math.round(ms) / 1_000;
  return {
    seconds: rounded((row?.at ?? Number.NaN) - (before + after) / 2),
    uncertain: rounded(Math.max(1, (after - before) / 2)),
  };
}
