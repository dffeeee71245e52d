import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { observeRun } from "@/server/playbooks/observe-run";
import type { ObserverContext } from "@/server/playbooks/round-context";
import type { RoundQueue } from "@/server/playbooks/round-queue";

const everyMs = 3_000;
const silentAfterSeconds = 15; // a living worker beats every 4 s
const observeEverySeconds = 5;

/** Open rounds whose worker has gone silent, or that were never handed over. */
async function silentRounds(ctx: ObserverContext): Promise<{ run_id: string; round: number }[]> {
  return ctx.db.query(
    `UPDATE playbook_rounds SET heartbeat_at = now()
      WHERE (run_id, round) IN (
        SELECT run_id, round FROM playbook_rounds
         WHERE state IN ('queued', 'running') AND heartbeat_at < now() - make_interval(secs => $1)
         ORDER BY heartbeat_at LIMIT 20 FOR UPDATE SKIP LOCKED)
      RETURNING run_id, round`,
    [silentAfterSeconds],
  );
}

/** Runs in verify or wait that nobody has looked at lately; taking one marks it, so that one replica looks. */
async function unwatchedRuns(ctx: ObserverContext): Promise<{ id: string }[]> {
  return ctx.db.query(
    `UPDATE playbook_runs SET observed_at = now()
      WHERE id IN (
        SELECT id FROM playbook_runs
         WHERE state IN ('revoke', 'verify', 'wait') AND (observed_at IS NULL OR observed_at < now() - make_interval(secs => $1))
         ORDER BY observed_at NULLS FIRST LIMIT 5 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
    [observeEverySeconds],
  );
}

/** Every few seconds: takes over rounds of dead workers and looks at runs that nobody watches, so that their logs go on. */
export function superviseRuns(ctx: ObserverContext, enqueueRound: RoundQueue["enqueueRound"]): { stop(): void } {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const once = async () => {
    try {
      for (const { run_id, round } of await silentRounds(ctx)) await enqueueRound(run_id, round);
      for (const { id } of await unwatchedRuns(ctx)) await observeRun({ ctx, input: { runId: id } });
    } catch (error) {
      log.debug({ reason: messageOf(error) }, "runs not supervised this time");
    }
    if (!stopped) timer = setTimeout(() => void once(), everyMs);
  };
  timer = setTimeout(() => void once(), everyMs);
  return {
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
