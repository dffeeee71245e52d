import { outboxId } from "@/server/caracal/revocation/outbox-id";
import type { BatchTarget } from "@/server/caracal/revocation/revoke-batch";
import { liveSessions } from "@/server/caracal/revocation/subject-sessions";
import type { Database } from "@/server/platform/postgres";
import { appendLog } from "@/server/playbooks/run-log";
import { loadRun, subjectsOf, type RoundRow } from "@/server/playbooks/run-rows";
import type { RoundContext } from "@/server/playbooks/round-context";
import type { TargetProof } from "@/server/playbooks/schemas";

/**
 * Freezes what a sweep will act on before anything is done (law 2): the subject's live sessions now, minus those already
 * recorded. Done once per round; a rerun finds `planned_at` set.
 */
export async function planSweep(ctx: RoundContext, round: RoundRow): Promise<void> {
  if (round.planned_at !== null) return;
  const run = await loadRun(ctx.db, round.run_id);
  const live = await liveSessions(ctx.caracal.db, run.zone_id, subjectsOf(run));
  await ctx.db.transaction(async (tx) => {
    const added = await tx.query<{ sid: string }>(
      `INSERT INTO playbook_targets (run_id, sid, zone_id, round, sweep, expires_at, minted_at)
       SELECT $1, t.sid, $2, $3, 1 + coalesce((SELECT max(sweep) FROM playbook_targets WHERE run_id = $1), 0), t.expires_at, t.minted_at
         FROM unnest($4::text[], $5::timestamptz[], $6::timestamptz[]) AS t (sid, expires_at, minted_at)
       ON CONFLICT (run_id, sid) DO UPDATE SET outcome = 'planned', round = $3, proved_at = NULL
             WHERE playbook_targets.round <> $3
       RETURNING sid`,
      [
        run.id,
        run.zone_id,
        round.round,
        live.map((session) => session.id),
        live.map((session) => session.expiresAt),
        live.map((session) => session.createdAt),
      ],
    );
    await tx.query("UPDATE playbook_rounds SET planned_at = now(), targets = $3 WHERE run_id = $1 AND round = $2", [
      run.id,
      round.round,
      added.length,
    ]);
    await appendLog(tx, run.id, null, [
      {
        kind: "planned",
        text: `Round ${round.round} will revoke ${added.length} live session${added.length === 1 ? "" : "s"}`,
        data: { round: round.round, count: added.length, sample: added.slice(0, 50).map((row) => row.sid) },
      },
    ]);
  });
}

type Pending = { readonly sid: string; readonly zone_id: string };
const toBatch = (runId: string, round: number, rows: readonly Pending[]): BatchTarget[] =>
  rows.map((row) => ({ sid: row.sid, zoneId: row.zone_id, outboxId: outboxId(runId, row.sid, round) }));

/** The targets of a sweep that have no outcome yet, in order. */
export async function plannedTargets(db: Database, runId: string, round: number): Promise<BatchTarget[]> {
  const rows = await db.query<Pending>(
    `SELECT sid, zone_id FROM playbook_targets WHERE run_id = $1 AND round = $2 AND outcome = 'planned' ORDER BY zone_id, sid`,
    [runId, round],
  );
  return toBatch(runId, round, rows);
}

/** Every target that the run revoked, for publishing again under a new round. */
export async function revokedTargets(db: Database, runId: string, round: number): Promise<BatchTarget[]> {
  const rows = await db.query<Pending>(
    `SELECT sid, zone_id FROM playbook_targets WHERE run_id = $1 AND outcome = 'revoked' ORDER BY sid`,
    [runId],
  );
  return toBatch(runId, round, rows);
}

/** The outbox ids of a round whose publication is recorded or owed. */
export async function outboxIdsOf(db: Database, runId: string, round: number): Promise<string[]> {
  const rows = await db.query<{ outbox_id: string }>(
    "SELECT outbox_id FROM playbook_publications WHERE run_id = $1 AND round = $2",
    [runId, round],
  );
  return rows.map((row) => row.outbox_id);
}

/** Records what became of targets that were not ours to revoke. Never replaces an outcome that is known already. */
export async function recordOutcomes(
  db: Database,
  runId: string,
  outcome: Exclude<TargetProof["outcome"], "planned" | "revoked">,
  sids: readonly string[],
): Promise<void> {
  if (sids.length === 0) return;
  await db.query(
    `UPDATE playbook_targets SET outcome = $3, outcome_at = now()
      WHERE run_id = $1 AND sid = ANY ($2) AND outcome = 'planned'`,
    [runId, sids, outcome],
  );
}

/** Records publications of a round; with a stream id when it is known already. A known id is never replaced. */
export async function recordPublications(
  db: Database,
  runId: string,
  round: number,
  targets: readonly BatchTarget[],
  streamIds: ReadonlyMap<string, string>,
): Promise<void> {
  if (targets.length === 0) return;
  await db.query(
    `INSERT INTO playbook_publications (outbox_id, run_id, round, sid, stream_id)
     SELECT t.outbox_id, $1, $2, t.sid, t.stream_id FROM unnest($3::text[], $4::text[], $5::text[]) AS t (outbox_id, sid, stream_id)
     ON CONFLICT (outbox_id) DO UPDATE SET stream_id = coalesce(playbook_publications.stream_id, excluded.stream_id)
           WHERE playbook_publications.stream_id IS NULL AND excluded.stream_id IS NOT NULL`,
    [
      runId,
      round,
      targets.map((target) => target.outboxId),
      targets.map((target) => target.sid),
      targets.map((target) => streamIds.get(target.outboxId) ?? null),
    ],
  );
}

/**
 * Records, in one statement, that targets were revoked and that their publication is owed or, with a stream id, made: a crash
 * must not leave an outcome whose publication nobody settles.
 */
export async function recordRevoked(
  db: Database,
  runId: string,
  round: number,
  targets: readonly BatchTarget[],
  streamIds: ReadonlyMap<string, string>,
): Promise<void> {
  if (targets.length === 0) return;
  await db.query(
    `WITH owed AS (
       INSERT INTO playbook_publications (outbox_id, run_id, round, sid, stream_id)
       SELECT t.outbox_id, $1, $2, t.sid, t.stream_id FROM unnest($3::text[], $4::text[], $5::text[]) AS t (outbox_id, sid, stream_id)
       ON CONFLICT (outbox_id) DO UPDATE SET stream_id = excluded.stream_id
             WHERE playbook_publications.stream_id IS NULL AND excluded.stream_id IS NOT NULL
     )
     UPDATE playbook_targets SET outcome = 'revoked', outcome_at = now()
      WHERE run_id = $1 AND sid = ANY ($4) AND outcome <> 'revoked'`,
    [
      runId,
      round,
      targets.map((target) => target.outboxId),
      targets.map((target) => target.sid),
      targets.map((target) => streamIds.get(target.outboxId) ?? null),
    ],
  );
}
