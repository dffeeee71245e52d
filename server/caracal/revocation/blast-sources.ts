import type { Queryable } from "@/server/platform/postgres";

export type AgentSession = {
  readonly id: string;
  readonly sid: string;
  readonly status: string;
  readonly applicationId: string;
};
export type Grant = {
  readonly id: string;
  readonly providerId: string | null;
  readonly provider: string | null;
  readonly applicationId: string;
};
export type Application = { readonly id: string; readonly name: string };

/** Agent sessions that live on the given sids: at most 1,000 rows and the whole count. */
export async function agentSessionsOf(
  db: Queryable,
  zoneId: string,
  sids: readonly string[],
): Promise<{ readonly rows: readonly AgentSession[]; readonly count: number }> {
  const where = `zone_id = $1 AND session_sid = ANY ($2) AND status IN ('active', 'suspended')`;
  const rows = await db.query<AgentSession>(
    `SELECT id, session_sid AS sid, status, application_id AS "applicationId" FROM agent_sessions WHERE ${where} ORDER BY id LIMIT 1000`,
    [zoneId, sids],
  );
  if (rows.length < 1_000) return { rows, count: rows.length };
  const [total] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM agent_sessions WHERE ${where}`,
    [zoneId, sids],
  );
  return { rows, count: total?.count ?? rows.length };
}

/**
 * Allowed and denied exchanges of the whole zone in the last `minutes`, each counted up to 10,000. Events name no subject
 * (contract section 4), so this tells how busy the zone is, not what the subject did.
 */
export async function recentExchanges(
  db: Queryable,
  zoneId: string,
  minutes: number,
): Promise<{ readonly allow: number; readonly deny: number }> {
  const rows = await db.query<{ decision: string; count: number }>(
    `SELECT decision, count(*)::int AS count FROM (
       SELECT decision FROM audit_events
        WHERE zone_id = $1 AND occurred_at > now() - make_interval(mins => $2) AND occurred_at <= now() + interval '1 minute'
          AND event_type = 'token_exchange'
        ORDER BY occurred_at DESC LIMIT 10000
     ) bounded GROUP BY decision`,
    [zoneId, minutes],
  );
  const of = (decision: string) => rows.find((row) => row.decision === decision)?.count ?? 0;
  return { allow: of("allow"), deny: of("deny") };
}

/** Active grants of the subjects (null: of everybody in the zone), at most 200: STS hands their provider tokens out as they are, and no revocation here reaches them (trap 20). */
export async function grantsOf(db: Queryable, zoneId: string, subjects: readonly string[] | null): Promise<Grant[]> {
  return db.query<Grant>(
    `SELECT g.id, g.provider_id AS "providerId", p.name AS provider, g.application_id AS "applicationId"
       FROM delegated_grants g LEFT JOIN providers p ON p.id = g.provider_id
      WHERE g.zone_id = $1 AND ($2::text[] IS NULL OR g.user_id = ANY ($2)) AND g.status = 'active' ORDER BY g.id LIMIT 200`,
    [zoneId, subjects],
  );
}

/** Those of the given ids that are applications of the zone and not archived, by name. */
export async function applicationsAmong(db: Queryable, zoneId: string, ids: readonly string[]): Promise<Application[]> {
  return db.query<Application>(
    `SELECT id, name FROM applications WHERE zone_id = $1 AND id = ANY ($2) AND archived_at IS NULL ORDER BY name LIMIT 20`,
    [zoneId, ids],
  );
}
