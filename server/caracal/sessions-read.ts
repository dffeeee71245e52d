import type { Queryable } from "@/server/platform/postgres";
import { exactInstantSql } from "@/server/platform/exact-time";

export type SessionState = "live" | "revoked" | "expired";
export type SessionFilter = {
  readonly zoneId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly state: SessionState | "any";
};

/** One sessions row as stored, with what its status means now by the database's clock (trap 5). Times are UTC with microseconds. */
export type StoredSession = {
  readonly id: string;
  readonly zoneId: string;
  readonly type: string;
  readonly subjectId: string;
  readonly parentId: string | null;
  readonly status: string;
  readonly state: SessionState;
  readonly expiresAt: string;
  readonly authenticatedAt: string | null;
  readonly createdAt: string;
};

const state = `CASE WHEN status = 'revoked' THEN 'revoked'
  WHEN status = 'active' AND expires_at > now() THEN 'live' ELSE 'expired' END`;
const columns = `id, zone_id AS "zoneId", session_type AS type, subject_id AS "subjectId", parent_id AS "parentId", status,
  ${state} AS state, ${exactInstantSql("expires_at")} AS "expiresAt",
  ${exactInstantSql("authenticated_at")} AS "authenticatedAt", ${exactInstantSql("created_at")} AS "createdAt"`;

const stored = `id, zone_id, session_type, subject_id, parent_id, status, expires_at, authenticated_at, created_at`;

const inState: Readonly<Record<SessionFilter["state"], string>> = {
  live: "status = 'active' AND expires_at > now()",
  revoked: "status = 'revoked'",
  expired: "(status = 'expired' OR (status = 'active' AND expires_at <= now()))",
  any: "true",
};

const statesAtOnce = 500;

/** What sessions are now, by id; those that do not exist are left out. Every id is asked for, 500 in one statement. */
export async function sessionStates(tx: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, SessionState>> {
  const found = new Map<string, SessionState>();
  for (let from = 0; from < ids.length; from += statesAtOnce) {
    const rows = await tx.query<{ id: string; state: SessionState }>(
      `SELECT id, ${state} AS state FROM sessions WHERE id = ANY ($1)`,
      [ids.slice(from, from + statesAtOnce)],
    );
    for (const row of rows) found.set(row.id, row.state);
  }
  return found;
}

/** One session by its id (the sid claim), or null. */
export async function readSession(db: Queryable, id: string): Promise<StoredSession | null> {
  const rows = await db.query<StoredSession>(`SELECT ${columns} FROM sessions WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** How many rows an index-led page may sort; above it the rows are dense enough to be met soon by walking ids. */
export const fewSessions = 10_000;

type Lead = { readonly source: string; readonly params: readonly string[] };

/** The reads that an existing index leads to for a filter, best first; none: walk the ids. */
function leadsOf({ zoneId, subjectId, state: wanted }: SessionFilter): readonly Lead[] {
  const live = { source: `SELECT ${stored} FROM sessions WHERE ${inState.live}`, params: [] };
  if (subjectId !== undefined) {
    const of = (zone: string) =>
      `SELECT ${stored} FROM sessions WHERE zone_id = ${zone} AND subject_id = $1 AND ${inState[wanted]}`;
    if (zoneId !== undefined) return [{ source: of("$2"), params: [subjectId, zoneId] }];
    // no index begins with subject_id: one probe of (zone_id, subject_id, status) per zone; OFFSET 0 keeps it one
    const each = `SELECT found.* FROM zones CROSS JOIN LATERAL (${of("zones.id")} OFFSET 0) AS found`;
    return [{ source: each, params: [subjectId] }];
  }
  if (zoneId === undefined) return wanted === "live" ? [live] : [];
  const ofZone = { source: `SELECT ${stored} FROM sessions WHERE zone_id = $1`, params: [zoneId] };
  return wanted === "live" ? [{ source: `${live.source} AND zone_id = $1`, params: [zoneId] }, ofZone] : [ofZone];
}

/** Rows that a lead gives, counted up to one more than `fewSessions`. */
async function isFew(tx: Queryable, { source, params }: Lead): Promise<boolean> {
  const counted = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM (${source}) AS led LIMIT ${fewSessions + 1}) AS counted`,
    params,
  );
  return (counted[0]?.n ?? 0) <= fewSessions;
}

/**
 * The newest sessions of a filter that an index leads to, when it leads to at most `fewSessions` rows; null otherwise.
 * Newest first by id: ids are UUIDv7, so their order is the order of minting, and no index holds created_at.
 */
export async function readFewSessions(
  tx: Queryable,
  filter: SessionFilter,
  beforeId: string | null,
  limit: number,
): Promise<StoredSession[] | null> {
  for (const lead of leadsOf(filter)) {
    if (!(await isFew(tx, lead))) continue;
    const next = lead.params.length;
    return tx.query<StoredSession>(
      `WITH led AS MATERIALIZED (${lead.source} LIMIT ${fewSessions + 1})
       SELECT ${columns} FROM led
       WHERE ${inState[filter.state]} AND ($${next + 1}::text IS NULL OR id < $${next + 1}::text)
       ORDER BY id DESC LIMIT $${next + 2}`,
      [...lead.params, beforeId, limit],
    );
  }
  return null;
}

export type SessionSlice = {
  readonly rows: readonly StoredSession[];
  readonly examined: number;
  readonly lastId: string | null; // the oldest id looked at
};

/** Looks at the next `slice` sessions below `beforeId` on the primary key, newest first, and gives those that match. */
export async function readSessionSlice(
  tx: Queryable,
  filter: SessionFilter,
  beforeId: string | null,
  slice: number,
): Promise<SessionSlice> {
  const rows = await tx.query<StoredSession & { examined: number; lastId: string | null; matched: boolean }>(
    `WITH slice AS MATERIALIZED (
       SELECT ${stored} FROM sessions ${beforeId === null ? "" : "WHERE id < $4::text"} ORDER BY id DESC LIMIT $3::int),
     looked AS (SELECT count(*)::int AS examined, min(id) AS "lastId" FROM slice),
     hits AS (SELECT ${columns} FROM slice
       WHERE ($1::text IS NULL OR zone_id = $1) AND ($2::text IS NULL OR subject_id = $2) AND ${inState[filter.state]}
       ORDER BY id DESC LIMIT 201)
     SELECT hits.*, looked.examined, looked."lastId", hits.id IS NOT NULL AS matched
     FROM looked LEFT JOIN hits ON true ORDER BY hits.id DESC`,
    [filter.zoneId ?? null, filter.subjectId ?? null, slice, ...(beforeId === null ? [] : [beforeId])],
  );
  const first = rows[0];
  return {
    rows: rows.filter((row) => row.matched).map(({ examined: _e, lastId: _l, matched: _m, ...row }) => row),
    examined: first?.examined ?? 0,
    lastId: first?.lastId ?? null,
  };
}
