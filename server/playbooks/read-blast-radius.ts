import {
  agentSessionsOf,
  applicationsAmong,
  grantsOf,
  recentExchanges,
} from "@/server/caracal/revocation/blast-sources";
import { countLive, liveSessions, sessionCeiling } from "@/server/caracal/revocation/subject-sessions";
import type { Database } from "@/server/platform/postgres";
import type { Outlives } from "@/server/playbooks/revoke-session/checklist";
import type { BlastRadius } from "@/server/playbooks/schemas";

const windowMinutes = 15;
const sampleSize = 50;

/** What a revocation of the subjects (null: of the whole zone) would reach, and what it would not (traps 4, 5 and 20). Bounded reads of Caracal's Postgres. */
export async function readBlastRadius(
  db: Database,
  zoneId: string,
  subjects: readonly string[] | null,
): Promise<{ readonly blast: BlastRadius; readonly outlives: Outlives }> {
  const [count, sessions, exchanges, grants] = await Promise.all([
    countLive(db, zoneId, subjects),
    liveSessions(db, zoneId, subjects),
    recentExchanges(db, zoneId, windowMinutes),
    grantsOf(db, zoneId, subjects),
  ]);
  const agents = await agentSessionsOf(
    db,
    zoneId,
    sessions.map((session) => session.id),
  );
  const applicationIds = new Set([
    ...(subjects ?? []),
    ...grants.map((grant) => grant.applicationId),
    ...agents.rows.map((agent) => agent.applicationId),
  ]);
  const applications = await applicationsAmong(db, zoneId, [...applicationIds]);
  const latest = sessions.reduce<Date | null>(
    (last, { expiresAt }) => (last === null || expiresAt > last ? expiresAt : last),
    null,
  );
  return {
    outlives: { applications, grants: grants.map(({ id, provider, providerId }) => ({ id, provider, providerId })) },
    blast: {
      at: new Date().toISOString(),
      liveSessions: Math.min(count, sessionCeiling),
      capped: count > sessionCeiling,
      sample: sessions.slice(0, sampleSize).map(({ id, expiresAt, createdAt }) => ({
        id,
        expiresAt: expiresAt.toISOString(),
        createdAt: createdAt.toISOString(),
      })),
      agentSessions: agents.rows.slice(0, sampleSize).map(({ id, sid, status }) => ({ id, sid, status })),
      agentSessionCount: agents.count,
      latestExpiry: latest?.toISOString() ?? null,
      recentExchanges: {
        windowMinutes,
        ...exchanges,
        note: "The whole zone's: audit events name no subject, so these cannot be counted for the subject alone.",
      },
      grants: grants.map(({ id, providerId }) => ({ id, providerId })),
    },
  };
}
