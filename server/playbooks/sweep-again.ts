import { chooseLane } from "@/server/caracal/revocation/preflight";
import { countLive } from "@/server/caracal/revocation/subject-sessions";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { openRound } from "@/server/playbooks/open-round";
import type { ActContext } from "@/server/playbooks/revoke";
import { loadRun } from "@/server/playbooks/run-rows";

/**
 * Orders another sweep for sessions minted meanwhile (trap 4); it may well find none, and that too is recorded. One is needed
 * before waiting. From wait the run goes back to verify. @throws not_found, conflict, source_unreachable
 */
export async function sweepAgain({
  ctx,
  input,
}: {
  ctx: ActContext;
  input: { runId: string };
}): Promise<{ readonly round: number }> {
  const run = await loadRun(ctx.db, input.runId);
  const live = await countLive(ctx.caracal.db, run.zone_id, run.subject_id);
  const lane = await chooseLane(ctx.caracal, live);
  const line = {
    kind: "sweep-again",
    text: `Second sweep ordered: ${live} live sessions right now`,
    data: { live, lane },
  };
  let round = 0;
  await actOnRun(ctx.db, input.runId, ctx.actor, "sweep-again", [line], async (tx) => {
    round = await openRound(tx, { runId: input.runId, kind: "second-sweep", lane: lane.kind, by: ctx.actor });
  });
  await ctx.jobs.enqueueRound(input.runId, round);
  return { round };
}
