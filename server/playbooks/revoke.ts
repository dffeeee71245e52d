import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import type { Database } from "@/server/platform/postgres";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { openRound } from "@/server/playbooks/open-round";
import type { RoundQueue } from "@/server/playbooks/round-queue";
import { loadRun } from "@/server/playbooks/run-rows";
import type { revokeInput } from "@/server/playbooks/schemas";

export type ActContext = {
  readonly db: Database;
  readonly caracal: Deployment;
  readonly jobs: RoundQueue;
  readonly actor: Actor;
};

/**
 * Orders the revocation of the subject's live sessions: reason, step, round and log line in one transaction, then the job. Of any
 * number of concurrent clicks one opens the round. Nothing in Caracal is touched before the intent is recorded (law 2).
 * @throws not_found, conflict when the run is elsewhere or a round is going on.
 */
export async function revoke({
  ctx,
  input,
}: {
  ctx: ActContext;
  input: z.output<typeof revokeInput>;
}): Promise<{ readonly round: number }> {
  const run = await loadRun(ctx.db, input.runId);
  const lane = await chooseLane(ctx.caracal, run.blast?.liveSessions ?? 0);
  const line = {
    kind: "revoke",
    text: `Revoke ordered: ${input.reason}; ${lane.note}`,
    data: { reason: input.reason, lane },
  };
  let round = 0;
  await actOnRun(ctx.db, input.runId, ctx.actor, "revoke", [line], async (tx) => {
    await tx.query("UPDATE playbook_runs SET reason = $2 WHERE id = $1", [input.runId, input.reason]);
    round = await openRound(tx, { runId: input.runId, kind: "revoke", lane: lane.kind, by: ctx.actor });
  });
  await ctx.jobs.enqueueRound(input.runId, round);
  return { round };
}
