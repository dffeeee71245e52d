import { chooseLane } from "@/server/caracal/revocation/preflight";
import { countLive } from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { openRound } from "@/server/playbooks/open-round";
import type { ActContext } from "@/server/playbooks/revoke";
import { loadRun, subjectsOf } from "@/server/playbooks/run-rows";

/** How long the agreement of two people covers sessions minted after the frozen list (revoke-zone.action.ts says so to them). */
const agreedForMs = 3_600_000;

/**
 * Orders another sweep for sessions minted meanwhile (trap 4); it may well find none, and that too is recorded. One is needed
 * before waiting. From wait the run goes back to verify. @throws not_found, conflict,
 * precondition_failed when the agreement on a wide run is an hour old, source_unreachable
 */
export async function sweepAgain({
  ctx,
  input,
}: {
  ctx: ActContext;
  input: { runId: string };
}): Promise<{ readonly round: number }> {
  const run = await loadRun(ctx.db, input.runId);
  if (run.scope !== "subject" && Date.now() > run.created_at.getTime() + agreedForMs)
    throw new DomainError(
      "precondition_failed",
      "Two people agreed on sweeps within an hour of the execution, and that hour is over. Ask for a new approval.",
    );
  const live = await countLive(ctx.caracal.db, run.zone_id, subjectsOf(run));
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
