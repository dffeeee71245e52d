import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { notNow } from "@/server/playbooks/act-on-run";
import { remainingExposureItem } from "@/server/playbooks/revoke-session/checklist";
import { exposureEnd } from "@/server/playbooks/revoke-session/exposure";
import { isOver } from "@/server/playbooks/revoke-session/revoke-session.machine";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { appendLog } from "@/server/playbooks/run-log";
import { loadRun } from "@/server/playbooks/run-rows";
import { runView } from "@/server/playbooks/run-view";
import type { checklistInput } from "@/server/playbooks/schemas";

type Context = ObserverContext & { readonly actor: Actor };

/**
 * Settles one manual step: done, or skipped with a recorded reason. Settled once; a second tick is refused.
 * @throws not_found for an item that this run does not have; conflict; precondition_failed for exposure that still runs.
 */
export async function tick({ ctx, input }: { ctx: Context; input: z.output<typeof checklistInput> }): Promise<void> {
  const run = await loadRun(ctx.db, input.runId);
  if (isOver(run.state) || run.blast === null) throw notNow(run);
  const view = await runView(ctx, run);
  const item = view.checklist.find(({ id }) => id === input.item);
  if (item === undefined) throw new DomainError("not_found", "This run has no such manual step.", { item: input.item });
  const reason = input.skippedReason ?? null;
  const end = exposureEnd(view.exposure);
  if (
    item.id === remainingExposureItem &&
    reason === null &&
    (run.state !== "wait" || (end !== null && end > Date.now()))
  )
    throw new DomainError(
      "precondition_failed",
      "Exposure has not run out yet. To finish earlier, say why the rest is acceptable.",
      {},
    );
  await ctx.db.transaction(async (tx) => {
    const [added] = await tx.query(
      `INSERT INTO playbook_checks (run_id, item, done_by, skipped_reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT (run_id, item) DO NOTHING RETURNING item`,
      [run.id, item.id, ctx.actor.name, reason],
    );
    if (added === undefined)
      throw new DomainError("conflict", "This manual step was settled already.", { item: item.id });
    await tx.query("UPDATE playbook_runs SET revision = revision + 1, updated_at = now() WHERE id = $1", [run.id]);
    await appendLog(tx, run.id, ctx.actor, [
      {
        kind: "checklist",
        text: reason === null ? `Done: ${item.label}` : `Skipped: ${item.label}. Reason: ${reason}`,
        data: { item: item.id, skippedReason: reason },
      },
    ]);
  });
}
