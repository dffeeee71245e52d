import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError, messageOf } from "@/server/platform/errors";
import type { GuidedContext } from "@/server/playbooks/guided/playbook";
import { playbookOf, stepsOf } from "@/server/playbooks/guided/playbooks";
import { loadGuidedRun, settledSteps, signatures } from "@/server/playbooks/guided/run-rows";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { abandonGuidedInput, guidedRunInput } from "@/server/playbooks/guided/schemas";

type Context = GuidedContext & { readonly actor: Actor };

async function end(
  ctx: Context,
  runId: string,
  state: "done" | "abandoned",
  summary: string,
  reason: string | null,
): Promise<void> {
  const run = await loadGuidedRun(ctx.db, ctx.actor, runId);
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      "UPDATE guided_runs SET state = $2, ended_at = now(), ended_reason = $3 WHERE id = $1 AND state = 'open' RETURNING 1",
      [runId, state, reason],
    );
    if (rows.length === 0) throw new DomainError("conflict", "The run is over already.");
    await runEntry(tx, run, ctx.actor, state === "done" ? "finished" : "abandoned", summary);
  });
}

/** Ends a run early, with a reason; jobs that it started go on by themselves. @throws not_found, conflict */
export const abandonGuided = ({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof abandonGuidedInput>;
}): Promise<void> =>
  end(ctx, input.runId, "abandoned", `${ctx.actor.name} abandoned the playbook: ${input.reason}`, input.reason);

/**
 * Ends a run whose steps are all settled, when every probe that must go on holding agrees right now, asked of everything.
 * @throws not_found, conflict, precondition_failed naming what does not hold
 */
export async function finishGuided({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof guidedRunInput>;
}): Promise<void> {
  const run = await loadGuidedRun(ctx.db, ctx.actor, input.runId);
  const settled = new Map((await settledSteps(ctx.db, run.id)).map((row) => [row.step, row]));
  const steps = stepsOf(run);
  const { title } = playbookOf(run.playbook);
  const open = steps.find(({ id }) => !settled.has(id));
  if (open !== undefined) throw new DomainError("precondition_failed", `"${open.title}" is not settled yet.`);
  const again = steps.filter(
    ({ id, holds, probe }) => holds === true && probe !== undefined && settled.get(id)?.outcome === "done",
  );
  const failing: string[] = [];
  for (const step of again) {
    const probed = await step
      .probe?.({ ...ctx, run, settled, thorough: true })
      .catch((error: unknown) => ({ done: null, sentence: messageOf(error) }));
    if (probed?.done !== true) failing.push(`${step.title}: ${probed?.sentence}`);
  }
  if (failing.length > 0)
    throw new DomainError("precondition_failed", `Not everything holds any more. ${failing.join(" ")}`);
  const skipped = [...settled.values()].filter(({ outcome }) => outcome === "skipped").length;
  await end(
    ctx,
    run.id,
    "done",
    `${ctx.actor.name} finished the playbook "${title}". Asked again just now, and true: ${again.map((step) => step.title).join("; ")}. Every other step was settled on its own${skipped === 0 ? "" : `, ${skipped} of them skipped with a reason`}`,
    null,
  );
}

/** Makes the caller the run's driver. Taking over one's own changes nothing. @throws not_found, conflict */
export async function takeOverGuided({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof guidedRunInput>;
}): Promise<void> {
  const run = await loadGuidedRun(ctx.db, ctx.actor, input.runId);
  if (run.state !== "open") throw new DomainError("conflict", "The run is over.");
  if ((await signatures(ctx.db, run.id)).some(({ person_id }) => person_id === ctx.actor.id))
    throw new DomainError("forbidden", "You have signed this run, so somebody else has to drive it.");
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      "UPDATE guided_runs SET driver_id = $2, driver_name = $3 WHERE id = $1 AND state = 'open' AND driver_id <> $2 RETURNING 1",
      [run.id, ctx.actor.id, ctx.actor.name],
    );
    if (rows.length === 0) return;
    await runEntry(
      tx,
      run,
      ctx.actor,
      "taken-over",
      `${ctx.actor.name} took the playbook over from ${run.driver_name}`,
    );
  });
}
