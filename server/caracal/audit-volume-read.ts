import {
  type AuditFilter,
  type AuditScope,
  type AuditWindow,
  matching,
  matchParams,
} from "@/server/caracal/audit-read";
import type { Queryable } from "@/server/platform/postgres";

export type CountedBucket = {
  readonly n: number;
  readonly examined: number;
  readonly matched: number;
  readonly whole: boolean; // every event of the bucket was looked at
};

type Planned = { "QUERY PLAN": readonly { readonly Plan: { readonly "Plan Rows": number } }[] };

async function plannedRows(tx: Queryable, where: string, params: readonly unknown[]): Promise<number> {
  const rows = await tx.query<Planned>(`EXPLAIN (FORMAT JSON) SELECT 1 FROM audit_events ${where}`, params);
  return rows[0]?.["QUERY PLAN"][0]?.Plan["Plan Rows"] ?? 0;
}

/**
 * By how much the planner is off for whoever row-level security applies to: it takes the policy for a condition that few rows meet, whatever
 * it says. Statistics are compared with what it expects of the whole table; nothing is run.
 */
export async function planCorrection(tx: Queryable): Promise<number> {
  const [kept] = await tx.query<{ rows: number }>(
    `SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 AS rows FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'audit_events'::regclass`,
  );
  return Math.max(1, (kept?.rows ?? 0) / Math.max(1, await plannedRows(tx, "", [])));
}

/** How many rows the planner expects for the window, times `correction`: from statistics alone. Text, resource and policy are left out. */
export async function estimateRows(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  correction: number,
): Promise<number> {
  const zoneIds = scope.kind === "zones" ? scope.zoneIds : scope.zoneId === null ? null : [scope.zoneId];
  const conditions: (readonly [sql: string, value: unknown])[] = [
    ["occurred_at >= $::timestamptz", window.since],
    ["occurred_at < $::timestamptz", window.until],
    ["zone_id = ANY ($::text[])", zoneIds],
    ["request_id = $", scope.requestId],
    ["event_type = $", filter.eventType],
    ["decision = $", filter.decision],
    ["evaluation_status = $", filter.evaluationStatus],
    ["policy_set_id = $", filter.policySetId],
    ["policy_set_version_id = $", filter.policySetVersionId],
  ];
  const asked = conditions.filter(([, value]) => value !== undefined && value !== null);
  const where = asked.map(([sql], at) => sql.replace("$", `$${at + 1}`)).join(" AND ");
  const rows = await plannedRows(
    tx,
    `WHERE ${where}`,
    asked.map(([, value]) => value),
  );
  return Math.round(rows * correction);
}

/**
 * For each of `count` equal parts of the window the newest `perZone` events of every zone, over (zone_id, occurred_at), and how many of them
 * match: never more than count * zones * perZone rows are looked at.
 */
export function countBuckets(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  { count, perZone }: { readonly count: number; readonly perZone: number },
): Promise<CountedBucket[]> {
  const columns = `event_type, request_id, decision, evaluation_status, policy_set_id, policy_set_version_id, determining_policies_json, metadata_json`;
  const inWindow = "occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz";
  const inBucket = `${inWindow} AND occurred_at >= bucket.since AND occurred_at < bucket.until`;
  const ofZones = `SELECT zone.id AS lead, event.* FROM unnest($15::text[]) AS zone (id) CROSS JOIN LATERAL (
      SELECT ${columns} FROM audit_events WHERE zone_id = zone.id AND ${inBucket} ORDER BY occurred_at DESC LIMIT $5::int) AS event`;
  const ofRequest = `SELECT request_id AS lead, found.* FROM found WHERE ${inBucket} AND ($16::text IS NULL OR zone_id = $16)`;
  const found = `found AS MATERIALIZED (SELECT zone_id, occurred_at, ${columns} FROM audit_events WHERE request_id = $15::text AND ${inWindow} OFFSET 0),`;
  const [source, named] =
    scope.kind === "zones" ? [ofZones, [scope.zoneIds]] : [ofRequest, [scope.requestId, scope.zoneId]];
  return tx.query<CountedBucket>(
    `WITH ${scope.kind === "zones" ? "" : found} bucket AS (
       SELECT n, $1::timestamptz + n * width AS since, $1::timestamptz + (n + 1) * width AS until
         FROM generate_series(0, $3::int - 1) AS n CROSS JOIN (SELECT ($2::timestamptz - $1::timestamptz) / $3::int AS width) AS w)
     SELECT n, examined, matched, most < $5::int OR $4::boolean AS whole
       FROM bucket CROSS JOIN LATERAL (
         SELECT coalesce(sum(of_lead.examined), 0)::int AS examined, coalesce(sum(of_lead.matched), 0)::int AS matched,
                coalesce(max(of_lead.examined), 0)::int AS most
           FROM (SELECT count(*) AS examined, count(*) FILTER (WHERE ${matching}) AS matched FROM (${source}) AS looked GROUP BY lead) AS of_lead) AS counted
      ORDER BY n`,
    [window.since, window.until, count, scope.kind === "request", perZone, ...matchParams(filter, scope), ...named],
  );
}
