import { firstIdOf, likelyWithinMs } from "@/server/caracal/audit-event-read";
import { exactInstantSql, millisecondsOf } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

/** From `since` up to, but not including, `until` (exact instants); null: every zone. */
export type CompromiseWindow = { readonly since: string; readonly until: string; readonly zoneId: string | null };

/** How many rows one question may read; newer ones come first, and the answer says when there were more. */
export const mostSessionsRead = 250_000;
export const mostEventsRead = 250_000;
const mostEventsOfZone = 100_000;
const mostSessionsOfSubject = 10_000;
const idSlackMs = 60_000; // ids carry the minting clock, rows the database's

export type StoredIssuance = {
  readonly zoneId: string;
  readonly zoneName: string | null; // null: Caracal has no such zone
  readonly subjectId: string;
  readonly type: string;
  readonly count: number;
  readonly live: number; // active and not expired (trap 5)
  readonly first: string;
  readonly last: string;
  readonly isNew: boolean; // no session of the subject in that zone is older than the window
};
export type IssuancePage = {
  readonly rows: readonly StoredIssuance[];
  readonly read: number;
  readonly sessions: number;
  readonly groups: number;
};
export type IssuanceKey = readonly [isNew: boolean, count: number, zoneId: string, subjectId: string, type: string];

const inWindow = "created_at >= $1::timestamptz AND created_at < $2::timestamptz";

/**
 * Sessions made in the window by zone, subject and type: those new in a zone first, then the most. One ambient mandate is one row
 * (contract section 4). No index holds created_at, so a range of UUIDv7 ids leads to them: sessions under other ids are not found.
 */
export async function readIssuances(
  tx: Queryable,
  { since, until, zoneId }: CompromiseWindow,
  after: IssuanceKey | null,
  limit: number,
): Promise<IssuancePage> {
  const rows = await tx.query<StoredIssuance & { read: number; sessions: number; groups: number; matched: boolean }>(
    `WITH seen AS MATERIALIZED (
       SELECT zone_id, subject_id, session_type, status, expires_at, created_at FROM sessions
        WHERE id >= $4 AND id < $5 ORDER BY id DESC LIMIT ${mostSessionsRead + 1}),
     grouped AS (
       SELECT zone_id, subject_id, session_type, count(*)::int AS count,
              count(*) FILTER (WHERE status = 'active' AND expires_at > now())::int AS live, min(created_at) AS first, max(created_at) AS last
         FROM seen WHERE ${inWindow} AND ($3::text IS NULL OR zone_id = $3) GROUP BY 1, 2, 3),
     judged AS (
       SELECT g.*, older.one IS NULL AS is_new FROM grouped g LEFT JOIN LATERAL (
         SELECT 1 AS one FROM sessions s
          WHERE s.zone_id = g.zone_id AND s.subject_id = g.subject_id AND s.created_at < $1::timestamptz LIMIT 1) AS older ON true),
     totals AS (SELECT (SELECT count(*) FROM seen)::int AS read, coalesce(sum(count), 0)::int AS sessions, count(*)::int AS groups FROM judged),
     page AS (
       SELECT j.*, z.name FROM judged j LEFT JOIN zones z ON z.id = j.zone_id
        WHERE $6::boolean IS NULL OR (NOT j.is_new, -j.count, j.zone_id, j.subject_id, j.session_type) > (NOT $6::boolean, -$7::int, $8::text, $9::text, $10::text)
        ORDER BY NOT j.is_new, -j.count, j.zone_id, j.subject_id, j.session_type LIMIT $11)
     SELECT p.zone_id AS "zoneId", p.name AS "zoneName", p.subject_id AS "subjectId", p.session_type AS type, p.count, p.live, p.is_new AS "isNew",
            ${exactInstantSql("p.first")} AS first, ${exactInstantSql("p.last")} AS last, t.read, t.sessions, t.groups, p.zone_id IS NOT NULL AS matched
       FROM totals t LEFT JOIN page p ON true
      ORDER BY NOT p.is_new, -p.count, p.zone_id, p.subject_id, p.session_type`,
    [
      since,
      until,
      zoneId,
      firstIdOf(millisecondsOf(since) - idSlackMs),
      firstIdOf(millisecondsOf(until) + idSlackMs),
      ...(after ?? [null, null, null, null, null]),
      limit,
    ],
  );
  const [first] = rows;
  return {
    read: first?.read ?? 0,
    sessions: first?.sessions ?? 0,
    groups: first?.groups ?? 0,
    rows: rows
      .filter(({ matched }) => matched)
      .map(({ matched: _m, read: _r, sessions: _s, groups: _g, ...row }) => row),
  };
}

export type StoredAllows = {
  readonly zoneId: string;
  readonly zoneName: string;
  readonly resource: string | null; // null: the event names none
  readonly policySetVersionId: string | null;
  readonly count: number;
  readonly first: string;
  readonly last: string;
};
export type AllowsPage = { readonly rows: readonly StoredAllows[]; readonly read: number; readonly cut: boolean };
export type AllowsKey = readonly [count: number, zoneId: string, resource: string, version: string];

/**
 * Allow events of the window by zone, resource and policy set version, the most first. Read zone by zone over the index
 * (zone_id, occurred_at), the newest of each; `cut`: some zone, or all together, had more than was read.
 */
export async function readAllows(
  tx: Queryable,
  { since, until, zoneId }: CompromiseWindow,
  after: AllowsKey | null,
  limit: number,
): Promise<AllowsPage> {
  const rows = await tx.query<StoredAllows & { read: number; cut: boolean; matched: boolean }>(
    `WITH seen AS MATERIALIZED (
       SELECT z.id AS zone_id, z.name, e.* FROM zones z CROSS JOIN LATERAL (
         SELECT metadata_json->>'resource' AS resource, policy_set_version_id, decision, occurred_at FROM audit_events
          WHERE zone_id = z.id AND occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz
          ORDER BY occurred_at DESC LIMIT ${mostEventsOfZone + 1}) AS e
        WHERE $3::text IS NULL OR z.id = $3 LIMIT ${mostEventsRead + 1}),
     grouped AS (
       SELECT zone_id, name, coalesce(resource, '') AS resource, coalesce(policy_set_version_id, '') AS version, count(*)::int AS count,
              min(occurred_at) AS first, max(occurred_at) AS last
         FROM seen WHERE decision = 'allow' GROUP BY 1, 2, 3, 4),
     totals AS (
       SELECT (SELECT count(*) FROM seen)::int AS read,
              (SELECT count(*) > ${mostEventsRead} FROM seen) OR EXISTS (SELECT 1 FROM seen GROUP BY zone_id HAVING count(*) > ${mostEventsOfZone}) AS cut),
     page AS (
       SELECT * FROM grouped
        WHERE $4::int IS NULL OR (-count, zone_id, resource, version) > (-$4::int, $5::text, $6::text, $7::text)
        ORDER BY -count, zone_id, resource, version LIMIT $8)
     SELECT p.zone_id AS "zoneId", p.name AS "zoneName", nullif(p.resource, '') AS resource, nullif(p.version, '') AS "policySetVersionId", p.count,
            ${exactInstantSql("p.first")} AS first, ${exactInstantSql("p.last")} AS last, t.read, t.cut, p.zone_id IS NOT NULL AS matched
       FROM totals t LEFT JOIN page p ON true ORDER BY -p.count, p.zone_id, p.resource, p.version`,
    [since, until, zoneId, ...(after ?? [null, null, null, null]), limit],
  );
  const [first] = rows;
  return {
    read: first?.read ?? 0,
    cut: first?.cut ?? false,
    rows: rows.filter(({ matched }) => matched).map(({ matched: _m, read: _r, cut: _c, ...row }) => row),
  };
}

export type LikelyEvent = {
  readonly id: string;
  readonly occurredAt: string;
  readonly resource: string | null;
  readonly apartMs: number;
};
export type StoredIssued = {
  readonly id: string;
  readonly status: string;
  readonly live: boolean;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly likely: LikelyEvent | null; // the nearest in time of its zone
  readonly candidates: number; // events that are as near as an exchange's; more than one: it may be any of them
};

/**
 * The sessions of one subject in a zone that were made in the window, newest first by id, each with the audit event that it likely
 * belongs to: an allow of the same zone within `likelyWithinMs`. Events name no session, so it is never certain (contract section 4).
 */
export const readIssued = (
  tx: Queryable,
  { since, until }: CompromiseWindow,
  zoneId: string,
  subjectId: string,
  beforeId: string | null,
  limit: number,
): Promise<StoredIssued[]> =>
  tx.query<StoredIssued>(
    `WITH led AS MATERIALIZED (
       SELECT id, status, expires_at, created_at FROM sessions WHERE zone_id = $3 AND subject_id = $4 LIMIT ${mostSessionsOfSubject}),
     page AS (
       SELECT * FROM led WHERE ${inWindow} AND ($5::text IS NULL OR id < $5) ORDER BY id DESC LIMIT $6)
     SELECT p.id, p.status, p.status = 'active' AND p.expires_at > now() AS live, ${exactInstantSql("p.created_at")} AS "createdAt",
            ${exactInstantSql("p.expires_at")} AS "expiresAt", near.nearest AS likely, coalesce(near.candidates, 0)::int AS candidates
       FROM page p LEFT JOIN LATERAL (
         SELECT count(*) AS candidates, (array_agg(json_build_object('id', e.id, 'occurredAt', ${exactInstantSql("e.occurred_at")}, 'resource', e.resource, 'apartMs', e.apart) ORDER BY e.apart, e.id))[1] AS nearest
           FROM (SELECT id, occurred_at, metadata_json->>'resource' AS resource,
                        round(abs(extract(epoch FROM occurred_at - p.created_at)) * 1000, 3)::float8 AS apart
                   FROM audit_events
                  WHERE zone_id = $3 AND decision = 'allow'
                    AND occurred_at BETWEEN p.created_at - interval '${likelyWithinMs} milliseconds' AND p.created_at + interval '${likelyWithinMs} milliseconds'
                  ORDER BY occurred_at DESC LIMIT 50) AS e) AS near ON true
      ORDER BY p.id DESC`,
    [since, until, zoneId, subjectId, beforeId, limit],
  );
