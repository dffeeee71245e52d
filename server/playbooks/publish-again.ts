import { chooseLane } from "@/server/caracal/revocation/preflight";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { openRound } from "@/server/playbooks/open-round";
import type { ActContext } from "@/server/playbooks/revoke";
import { loadRun, loadTotals } from "@/server/playbooks/run-rows";

/**
 * Orders publishing every revoked sid again until each gateway replica counts all of them (trap 3): a series of rounds that
 * ends by itself. Harmless to repeat; it changes no row but the outbox. @throws not_found, conflict
 */
export async function publishAgain({
  ctx,
  input,
}: {
  ctx: ActContext;
  input: { runId: string };
}): Promise<{ readonly round: number }> {
  await loadRun(ctx.db, input.runId);
  const { revoked } = await loadTotals(ctx.db, input.runId);
  const lane = await chooseLane(ctx.caracal, revoked);
  const line = {
    kind: "publish-again",
    text: `Publishing again ordered: ${revoked} revocations. ${lane.note}`,
    data: { revoked, lane },
  };
  let round = 0;
  await actOnRun(ctx.db, input.runId, ctx.actor, "publish-again", [line], async (tx) => {
    round = await openRound(tx, { runId: input.runId, kind: "publish-again", lane: lane.kind, by: ctx.actor });
  });
  await ctx.jobs.enqueueRound(input.runId, round);
  return { round };
}
