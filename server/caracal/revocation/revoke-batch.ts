import type { Queryable } from "@/server/platform/postgres";
import { leaseSeconds, revocationStream } from "@/server/caracal/revocation/revocation-stream";

/** Sessions per transaction: row locks last some 50 ms. Publishing and recording of one batch run beside the writes of the next. */
export const batchCeiling = 1_000;

export type BatchTarget = { readonly sid: string; readonly zoneId: string; readonly outboxId: string };
export type BatchOutcome = {
  readonly flipped: readonly string[]; // sids that this statement set to revoked, each with its outbox row
  readonly agentSessions: number; // agent sessions terminated with them
};

/**
 * Revokes up to `batchCeiling` sessions in one statement, which is one transaction and one round trip: the status of those still
 * `active`, an outbox row for exactly these, and their agent sessions' end. Rows revoked before are not touched.
 * The rows are found by their keys alone: row security makes the planner expect one row where there are a thousand, and by that it
 * chose nested loops over both sides, or an index of all active rows. A CASE is nothing it can join by or look up by.
 * With a lease holder the rows are written already leased to it, so that the API's dispatcher leaves them alone; without
 * one they are free, in order, for the API to dispatch (contract section 2).
 */
export async function revokeBatch(
  db: Queryable,
  targets: readonly BatchTarget[],
  options: { readonly reason: string; readonly leaseHolder: string | null; readonly leaseSeconds?: number },
): Promise<BatchOutcome> {
  const [row] = await db.query<{ flipped: string[] | null; agents: number }>(
    `WITH flipped AS (
       UPDATE sessions s SET status = 'revoked'
        WHERE s.id = ANY ($1)
          AND CASE WHEN s.status = 'active'
                   THEN (s.id, s.zone_id) IN (SELECT w.sid, w.zone_id FROM unnest($1::text[], $2::text[]) AS w (sid, zone_id))
                   ELSE false END
       RETURNING s.id
     ), ended AS (
       UPDATE agent_sessions a SET status = 'terminated', terminated_at = now()
        WHERE a.session_sid = ANY ($1)
          AND CASE WHEN a.status IN ('active', 'suspended') THEN a.zone_id = ANY ($2) ELSE false END
       RETURNING a.id
     ), written AS (
       INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by)
       SELECT w.outbox_id, '${revocationStream}',
              jsonb_build_object('zone_id', w.zone_id, 'session_id', w.sid, 'reason', $4::text, 'console_ref', w.outbox_id),
              CASE WHEN $5::text IS NULL THEN 0 ELSE 1 END, now() + w.position * interval '1 microsecond',
              CASE WHEN $5::text IS NULL THEN NULL ELSE now() + make_interval(secs => $6) END, $5::text
         FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (sid, zone_id, outbox_id, position)
        WHERE CASE WHEN w.sid IN (SELECT id FROM flipped) THEN true ELSE false END
       ON CONFLICT (id) DO NOTHING
     )
     SELECT (SELECT array_agg(id) FROM flipped) AS flipped, (SELECT count(*)::int FROM ended) AS agents`,
    [
      targets.map((target) => target.sid),
      targets.map((target) => target.zoneId),
      targets.map((target) => target.outboxId),
      options.reason,
      options.leaseHolder,
      options.leaseSeconds ?? leaseSeconds,
    ],
  );
  return { flipped: row?.flipped ?? [], agentSessions: row?.agents ?? 0 };
}

export type FoundOutcome = {
  readonly sid: string;
  readonly status: string | null;
  readonly ours: boolean;
  readonly expired: boolean;
};

/** What became of sids that a batch did not flip: revoked by us before a crash (`ours`), by somebody else, expired or gone. */
export async function findOutcomes(db: Queryable, targets: readonly BatchTarget[]): Promise<FoundOutcome[]> {
  return db.query<FoundOutcome>(
    `SELECT w.sid, s.status, o.id IS NOT NULL AS ours, coalesce(s.expires_at <= now(), true) AS expired
       FROM unnest($1::text[], $2::text[], $3::text[]) AS w (sid, zone_id, outbox_id)
       LEFT JOIN sessions s ON s.id = w.sid AND s.zone_id = w.zone_id
       LEFT JOIN event_outbox o ON o.id = w.outbox_id`,
    [
      targets.map((target) => target.sid),
      targets.map((target) => target.zoneId),
      targets.map((target) => target.outboxId),
    ],
  );
}

/**
 * Writes outbox rows that publish revocations once more; nothing else changes. `jitterSeconds` spreads available_at so that
 * the API's lane takes them in another order each round (trap 3); rows that exist already are left as they are.
 */
export async function writeRepublication(
  db: Queryable,
  targets: readonly BatchTarget[],
  options: {
    readonly reason: string;
    readonly leaseHolder: string | null;
    readonly leaseSeconds?: number;
    readonly jitterSeconds: number;
  },
): Promise<void> {
  await db.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by)
     SELECT w.outbox_id, '${revocationStream}',
            jsonb_build_object('zone_id', w.zone_id, 'session_id', w.sid, 'reason', $4::text, 'console_ref', w.outbox_id),
            CASE WHEN $5::text IS NULL THEN 0 ELSE 1 END, now() + random() * make_interval(secs => $7),
            CASE WHEN $5::text IS NULL THEN NULL ELSE now() + make_interval(secs => $6) END, $5::text
       FROM unnest($1::text[], $2::text[], $3::text[]) AS w (sid, zone_id, outbox_id)
     ON CONFLICT (id) DO NOTHING`,
    [
      targets.map((target) => target.sid),
      targets.map((target) => target.zoneId),
      targets.map((target) => target.outboxId),
      options.reason,
      options.leaseHolder,
      options.leaseSeconds ?? leaseSeconds,
      options.jitterSeconds,
    ],
  );
}
