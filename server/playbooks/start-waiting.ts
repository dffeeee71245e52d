import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { actOnRun, notNow } from "@/server/playbooks/act-on-run";
import { observeRun } from "@/server/playbooks/observe-run";
import { waitBlockers } from "@/server/playbooks/revoke-session/wait-blockers";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { loadRounds } from "@/server/playbooks/run-rows";

type Context = ObserverContext & { readonly actor: Actor };

/**
 * Closes verify: looks once more, and goes on only when that look proves every target, no live session is left and a second
 * sweep has been observed (law 1). @throws precondition_failed naming what is missing; conflict, not_found
 */
export async function startWaiting({ ctx, input }: { ctx: Context; input: { runId: string } }): Promise<void> {
  const { run, proof } = await observeRun({ ctx, input });
  if (run.state !== "verify") throw notNow(run);
  const blockers = waitBlockers(proof, await loadRounds(ctx.db, run.id));
  if (blockers.length > 0)
    throw new DomainError("precondition_failed", `Not proved yet: ${blockers.join("; ")}.`, {
      missing: blockers.join("; "),
    });
  const line = { kind: "proved", text: `Proved: ${proof?.summary ?? ""}`, data: proof };
  await actOnRun(ctx.db, run.id, ctx.actor, "start-waiting", [line], async (tx) => {
    const open = await tx.query(
      "SELECT 1 FROM playbook_rounds WHERE run_id = $1 AND kind <> 'publish-again' AND state IN ('queued', 'running') LIMIT 1",
      [run.id],
    );
    if (open.length > 0) throw new DomainError("conflict", "A sweep of this run is still going on.", {});
  });
}
