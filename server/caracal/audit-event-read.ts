import { exactInstantSql, millisecondsOf } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import { eventColumns, type StoredAuditEvent } from "@/server/caracal/audit-read";

export type StoredAuditDetail = StoredAuditEvent & {
  readonly manifestSha: string | null;
  readonly determiningPolicies: string | null;
  readonly diagnostics: string | null;
  readonly metadata: string | null;
  readonly contentSha256: string | null;
  readonly prevContentSha256: string | null;
  readonly chainHmac: string | null;
  readonly ingestSignature: string | null;
};

/** One event by its primary key (id, occurred_at), or the newest of an id; jsonb as Postgres prints it; null when there is none. */
export async function readAuditEvent(
  db: Queryable,
  id: string,
  occurredAt: string | null,
): Promise<StoredAuditDetail | null> {
  const rows = await db.query<StoredAuditDetail>(
    `SELECT ${eventColumns}, manifest_sha AS "manifestSha",
       determining_policies_json::text AS "determiningPolicies", diagnostics_json::text AS diagnostics,
       metadata_json::text AS metadata, content_sha256 AS "contentSha256", prev_content_sha256 AS "prevContentSha256",
       chain_hmac AS "chainHmac", ingest_signature AS "ingestSignature"
     FROM audit_events WHERE id = $1${occurredAt === null ? "" : " AND occurred_at = $2::timestamptz"}
     ORDER BY audit_events.occurred_at DESC LIMIT 1`,
    occurredAt === null ? [id] : [id, occurredAt],
  );
  return rows[0] ?? null;
}

/** Session and event of one exchange carry times within milliseconds (contract section 4). */
export const likelyWithinMs = 50;
const idSlackMs = 1_000; // the id's own clock may run ahead of or behind created_at

export type LikelySession = {
  readonly id: string;
  readonly subjectId: string;
  readonly type: string;
  readonly apartMs: number;
  readonly createdAt: string;
};

/** The smallest UUIDv7 text of a millisecond: its first 48 bits are the time. */
export const firstIdOf = (ms: number): string => {
  const hex = Math.max(0, Math.trunc(ms)).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};

/**
 * Sessions of the zone created within `likelyWithinMs` of the instant, nearest first, at most 10. No index holds
 * created_at, so a range of UUIDv7 ids leads to them: sessions under other ids are not found.
 */
export function readLikelySessions(tx: Queryable, zoneId: string, occurredAt: string): Promise<LikelySession[]> {
  const at = millisecondsOf(occurredAt);
  return tx.query<LikelySession>(
    `WITH near AS MATERIALIZED (
       SELECT id, zone_id, subject_id, session_type, created_at FROM sessions
       WHERE id >= $2 AND id < $3 ORDER BY id LIMIT 20000)
     SELECT id, subject_id AS "subjectId", session_type AS type, ${exactInstantSql("created_at")} AS "createdAt",
       round(abs(extract(epoch FROM created_at - $1::timestamptz)) * 1000, 3)::float8 AS "apartMs"
     FROM near
     WHERE zone_id = $4 AND created_at BETWEEN $1::timestamptz - $5::interval AND $1::timestamptz + $5::interval
     ORDER BY abs(extract(epoch FROM created_at - $1::timestamptz)), id LIMIT 10`,
    [
      occurredAt,
      firstIdOf(at - likelyWithinMs - idSlackMs),
      firstIdOf(at + likelyWithinMs + idSlackMs),
      zoneId,
      `${likelyWithinMs} milliseconds`,
    ],
  );
}

export type LikelyEvent = StoredAuditEvent & { readonly resource: string | null; readonly apartMs: number };

/** Events of a session's zone within `likelyWithinMs` of when it was made, nearest first, at most 20 of the 500 around that moment. */
export function readLikelyEvents(tx: Queryable, zoneId: string, createdAt: string): Promise<LikelyEvent[]> {
  return tx.query<LikelyEvent>(
    `WITH near AS MATERIALIZED (
       SELECT * FROM audit_events WHERE zone_id = $1
          AND occurred_at BETWEEN $2::timestamptz - $3::interval AND $2::timestamptz + $3::interval
        ORDER BY occurred_at DESC LIMIT 500)
     SELECT ${eventColumns}, metadata_json->>'resource' AS resource,
       round(abs(extract(epoch FROM occurred_at - $2::timestamptz)) * 1000, 3)::float8 AS "apartMs"
     FROM near ORDER BY abs(extract(epoch FROM occurred_at - $2::timestamptz)), id LIMIT 20`,
    [zoneId, createdAt, `${likelyWithinMs} milliseconds`],
  );
}
