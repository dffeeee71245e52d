import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { GuidedContext, GuidedRunRow, SettledRow, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { stepsOf } from "@/server/playbooks/guided/playbooks";
import { loadGuidedRun, settledSteps } from "@/server/playbooks/guided/run-rows";

type Due = {
  readonly run: GuidedRunRow;
  readonly step: StepDeclaration;
  readonly settled: ReadonlyMap<string, SettledRow>;
};

/** The step that an open run is at, when it is the one that was named. @throws not_found, bad_input, conflict when another is due */
export async function dueStep(
  ctx: GuidedContext & { readonly actor: Actor },
  input: { readonly runId: string; readonly step: string },
): Promise<Due> {
  const run = await loadGuidedRun(ctx.db, ctx.actor, input.runId);
  if (run.state !== "open") throw new DomainError("conflict", "The run is over.");
  const settled = new Map((await settledSteps(ctx.db, run.id)).map((row) => [row.step, row]));
  const steps = stepsOf(run);
  const step = steps.find(({ id }) => id === input.step);
  if (step === undefined) throw new DomainError("bad_input", "This playbook has no such step.");
  const due = steps.find(({ id }) => !settled.has(id));
  if (due !== step)
    throw new DomainError("conflict", due === undefined ? "Every step is settled." : `"${due.title}" comes first.`);
  return { run, step, settled };
}
