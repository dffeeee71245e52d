import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { countLive } from "@/server/caracal/revocation/subject-sessions";
import { actOnRun, notNow } from "@/server/playbooks/act-on-run";
import { finishBlockers } from "@/server/playbooks/revoke-session/finish-blockers";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { loadRun, subjectsOf } from "@/server/playbooks/run-rows";
import { runView } from "@/server/playbooks/run-view";

type Context = ObserverContext & { readonly actor: Actor };

/**
 * Ends a run: exposure has run out (or the rest is accepted with a reason), every manual step is done or skipped with a reason,
 * and no session of the subject is live. @throws precondition_failed naming what is left; conflict, not_found, source_unreachable
 */
export async function finish({ ctx, input }: { ctx: Context; input: { runId: string } }): Promise<void> {
  const run = await loadRun(ctx.db, input.runId);
  if (run.state !== "wait") throw notNow(run);
  const live = await countLive(ctx.caracal.db, run.zone_id, subjectsOf(run));
  const view = await runView(ctx, run);
  const blockers = finishBlockers({ live, exposure: view.exposure, checklist: view.checklist, now: Date.now() });
  if (blockers.length > 0)
    throw new DomainError("precondition_failed", `Not over yet: ${blockers.join("; ")}.`, {
      missing: blockers.join("; "),
    });
  const line = {
    kind: "done",
    text: "Done: exposure is over and every manual step is settled",
    data: { exposure: view.exposure, checklist: view.checklist },
  };
  await actOnRun(ctx.db, input.runId, ctx.actor, "finish", [line]);
}
