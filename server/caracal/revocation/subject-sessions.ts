import type { Queryable } from "@/server/platform/postgres";

/** The playbook's ceiling: more live sessions than this need zone-wide containment instead. */
export const sessionCeiling = 10_000;
const page = 1_000;

export type LiveSession = { readonly id: string; readonly expiresAt: Date; readonly createdAt: Date };
export type FoundSession = {
  readonly id: string;
  readonly zoneId: string;
  readonly subjectId: string;
  readonly type: string;
};
export type Zone = { readonly id: string; readonly name: string; readonly slug: string };

/** One session by its id (the sid claim), or null. */
export async function findSession(db: Queryable, sessionId: string): Promise<FoundSession | null> {
  const [row] = await db.query<FoundSession>(
    `SELECT id, zone_id AS "zoneId", subject_id AS "subjectId", session_type AS type FROM sessions WHERE id = $1`,
    [sessionId],
  );
  return row ?? null;
}

/** The newest session of a subject in a zone, whatever its state: proves that the subject exists there. */
export async function findSubject(db: Queryable, zoneId: string, subjectId: string): Promise<FoundSession | null> {
  const [row] = await db.query<FoundSession>(
    `SELECT id, zone_id AS "zoneId", subject_id AS "subjectId", session_type AS type FROM sessions
      WHERE zone_id = $1 AND subject_id = $2 ORDER BY expires_at DESC LIMIT 1`,
    [zoneId, subjectId],
  );
  return row ?? null;
}

/** A zone's name, or null. */
export async function findZone(db: Queryable, zoneId: string): Promise<Zone | null> {
  const [row] = await db.query<Zone>("SELECT id, name, slug FROM zones WHERE id = $1", [zoneId]);
  return row ?? null;
}

/** Whether an audit event exists at that id and time (the key of its partition). */
export async function eventZone(db: Queryable, eventId: string, occurredAt: string): Promise<string | null> {
  const [row] = await db.query<{ zone_id: string }>(
    `SELECT zone_id FROM audit_events
      WHERE id = $1 AND occurred_at >= date_trunc('milliseconds', $2::timestamptz)
        AND occurred_at < date_trunc('milliseconds', $2::timestamptz) + interval '1 millisecond' LIMIT 1`,
    [eventId, occurredAt],
  );
  return row?.zone_id ?? null;
}

/** Live sessions of the given subjects, or of the whole zone when `$2` is null: two texts, so that each is planned by its own index. */
const live = (subjects: readonly string[] | null): string =>
  `zone_id = $1 AND ${subjects === null ? "$2::text[] IS NULL" : "subject_id = ANY ($2::text[])"} AND status = 'active' AND expires_at > now()`;

/** How many sessions of the subjects (null: of the zone) are active and unexpired right now (trap 5), counted up to one above the ceiling. */
export async function countLive(db: Queryable, zoneId: string, subjects: readonly string[] | null): Promise<number> {
  const [row] = await db.query<{ live: number }>(
    `SELECT count(*)::int AS live FROM (SELECT 1 FROM sessions WHERE ${live(subjects)} LIMIT ${sessionCeiling + 1}) bounded`,
    [zoneId, subjects],
  );
  return row?.live ?? 0;
}

/** Every live session of the subjects (null: of the zone), by pages in order of id, up to the ceiling. */
export async function liveSessions(
  db: Queryable,
  zoneId: string,
  subjects: readonly string[] | null,
): Promise<LiveSession[]> {
  const found: LiveSession[] = [];
  let after = "";
  while (found.length < sessionCeiling) {
    const rows = await db.query<LiveSession>(
      `SELECT id, expires_at AS "expiresAt", created_at AS "createdAt" FROM sessions
        WHERE ${live(subjects)} AND id > $3 ORDER BY id LIMIT ${page}`,
      [zoneId, subjects, after],
    );
    found.push(...rows);
    const last = rows.at(-1);
    if (rows.length < page || last === undefined) break;
    after = last.id;
  }
  return found.slice(0, sessionCeiling);
}

/** The status of each session by id, as stored; absent ones are gone. At most the ceiling. */
export async function sessionStatuses(db: Queryable, sids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; status: string }>("SELECT id, status FROM sessions WHERE id = ANY ($1)", [
    sids,
  ]);
  return new Map(rows.map((row) => [row.id, row.status]));
}
