import { recordApprovalResult } from "@/server/approvals/record-result";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Queryable } from "@/server/platform/postgres";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { openRound } from "@/server/playbooks/open-round";
import { publishAgainRound } from "@/server/playbooks/publish-again-round";
import { recordBaseline } from "@/server/playbooks/round-baseline";
import type { RoundContext } from "@/server/playbooks/round-context";
import { planSweep } from "@/server/playbooks/round-targets";
import { isOver } from "@/server/playbooks/revoke-session/revoke-session.machine";
import { appendLog, type LogLine } from "@/server/playbooks/run-log";
import { loadRun, type RoundRow } from "@/server/playbooks/run-rows";
import { sweepRound, type SayWaiting } from "@/server/playbooks/sweep-round";

export type RoundResult = {
  readonly done: boolean; // false: the round was finished already
  readonly next: number | null; // the round that follows in the same series
};
type Counts = {
  readonly targets: number;
  readonly revoked: number;
  readonly already: number;
  readonly published: number;
};

/**
 * Carries out one recorded round of a run: intent is there already, so this may be killed and called again at any point, by any
 * replica. One outbox row per run, sid and round; a second stream entry only for rows that were in flight when it was killed.
 * Acts on the targets it finds recorded; who may ask for which targets is decided by the verbs that open rounds.
 * @throws source_unreachable when Caracal or our own database does not answer; the round stays open and resumes.
 */
export async function runRevocationRound({
  ctx,
  input,
}: {
  ctx: RoundContext;
  input: { readonly runId: string; readonly round: number };
}): Promise<RoundResult> {
  const [round] = await ctx.db.query<RoundRow>(
    `UPDATE playbook_rounds SET state = 'running', heartbeat_at = now()
      WHERE run_id = $1 AND round = $2 AND state IN ('queued', 'running') RETURNING *`,
    [input.runId, input.round],
  );
  if (round === undefined) return { done: false, next: null };
  const heartbeat = setInterval(() => {
    ctx.db
      .query("UPDATE playbook_rounds SET heartbeat_at = now() WHERE run_id = $1 AND round = $2", [
        input.runId,
        input.round,
      ])
      .catch((error: unknown) =>
        log.warn({ runId: input.runId, reason: messageOf(error) }, "round heartbeat not recorded"),
      );
  }, 4_000);
  try {
    return { done: true, next: await carryOut(ctx, round) };
  } catch (error) {
    const why = error instanceof DomainError ? error.message : "The round met an error that is in the console's log.";
    await noteTrouble(ctx, round, why).catch(() => undefined); // our own database may be what is away
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

async function carryOut(ctx: RoundContext, round: RoundRow): Promise<number | null> {
  await recordBaseline(ctx, round.run_id);
  const run = await loadRun(ctx.db, round.run_id);
  const reason = `${run.reason ?? "revoked"} (by ${round.requested_by_name})`;
  const sayWaiting: SayWaiting = (why) => noteTrouble(ctx, round, why);
  if (round.kind === "publish-again") {
    const step = await publishAgainRound(ctx, round, reason, sayWaiting);
    return finish(
      ctx,
      round,
      [{ kind: "published-again", text: `Round ${round.round}: ${step.text}`, data: step }],
      async (tx) => {
        await tx.query("UPDATE playbook_rounds SET missing = $3, stalled = $4 WHERE run_id = $1 AND round = $2", [
          round.run_id,
          round.round,
          step.missing,
          step.stalled,
        ]);
        return step.go;
      },
      step,
    );
  }
  await planSweep(ctx, round);
  await sweepRound({ ctx, round, reason }, sayWaiting);
  return finish(ctx, round, [], async () => false, null);
}

/** Ends a round, moves the run on and opens the next round of a series, all in one transaction. */
async function finish(
  ctx: RoundContext,
  round: RoundRow,
  lines: readonly LogLine[],
  goesOn: (tx: Queryable) => Promise<boolean>,
  step: { readonly stalled: number; readonly missing: number } | null,
): Promise<number | null> {
  let next: number | null = null;
  const done: LogLine[] = [];
  const counts = await countRound(ctx.db, round);
  if (round.kind !== "publish-again")
    done.push({
      kind: "round-finished",
      text: `Round ${round.round}: ${counts.revoked} revoked${counts.already > 0 ? `, ${counts.already} were revoked already` : ""}, ${counts.published} published${round.lane === "api" ? "; the API's lane publishes the rest" : ""}`,
      data: { round: round.round, ...counts },
    });
  await actOnRun(ctx.db, round.run_id, null, "round-finished", [...done, ...lines], async (tx, before) => {
    const more = (await goesOn(tx)) && !isOver(before.state);
    const [ended] = await tx.query(
      `UPDATE playbook_rounds SET state = 'finished', finished_at = now(), error = NULL, targets = $3, revoked = $4, published = $5
        WHERE run_id = $1 AND round = $2 AND state = 'running' RETURNING round`,
      [round.run_id, round.round, counts.targets, counts.revoked, counts.published],
    );
    if (ended === undefined) throw new DomainError("conflict", "Another replica finished this round.", {});
    if (before.approval_id !== null && round.round === 1)
      await recordApprovalResult(
        tx,
        before.approval_id,
        `Executed: ${counts.revoked} of ${counts.targets} sessions revoked; the run proves the rest`,
        [
          { name: "sessions revoked", value: counts.revoked, source: "Caracal's Postgres" },
          { name: "published", value: counts.published, source: "caracal.sessions.revoke" },
        ],
      );
    if (counts.published > 0)
      await tx.query("UPDATE playbook_runs SET last_published_at = now() WHERE id = $1", [round.run_id]);
    if (more)
      next = await openRound(tx, {
        runId: round.run_id,
        kind: round.kind,
        lane: round.lane,
        by: { id: round.requested_by_id, name: round.requested_by_name },
        series: round.series + 1,
        stalled: step?.stalled ?? 0,
        missing: step?.missing ?? null,
      });
  });
  return next;
}

async function countRound(db: Queryable, round: RoundRow): Promise<Counts> {
  const [counts] = await db.query<Counts>(
    `SELECT ${round.kind === "publish-again" ? "p" : "t"}.targets, t.revoked, t.already, p.published
       FROM (SELECT count(*)::int AS targets, count(*) FILTER (WHERE outcome = 'revoked')::int AS revoked,
                    count(*) FILTER (WHERE outcome = 'already-revoked')::int AS already
               FROM playbook_targets WHERE run_id = $1 AND round = $2) AS t,
            (SELECT count(*)::int AS targets, count(stream_id)::int AS published
               FROM playbook_publications WHERE run_id = $1 AND round = $2) AS p`,
    [round.run_id, round.round],
  );
  if (counts === undefined) throw new Error("an aggregate gave no row");
  return counts;
}

/** Shows why a round waits (null: it goes on) and logs it once. */
async function noteTrouble(ctx: RoundContext, round: RoundRow, why: string | null): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [changed] = await tx.query(
      `UPDATE playbook_rounds SET error = $3 WHERE run_id = $1 AND round = $2 AND error IS DISTINCT FROM $3::text RETURNING round`,
      [round.run_id, round.round, why],
    );
    if (changed === undefined) return;
    const text = why === null ? `Round ${round.round} goes on` : `Round ${round.round} waits: ${why}`;
    await appendLog(tx, round.run_id, null, [{ kind: why === null ? "goes-on" : "waits", text }]);
  });
}
