import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { GuidedContext } from "@/server/playbooks/guided/playbook";
import { playbookOf } from "@/server/playbooks/guided/playbooks";
import { loadGuidedRun, settledSteps } from "@/server/playbooks/guided/run-rows";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { settleInput } from "@/server/playbooks/guided/schemas";

/**
 * Settles the step that a run is at: its probe is asked once more and must agree, or, without a probe, the person says what the step
 * wants to know; or it is skipped with a reason where that is allowed. Steps go in order: a later one is refused. Of two people at
 * once one settles it.
 * @throws not_found, conflict (another step is due, or settled meanwhile), bad_input, precondition_failed (the probe does not agree)
 */
export async function settleStep({
  ctx,
  input,
}: {
  ctx: GuidedContext & { readonly actor: Actor };
  input: z.output<typeof settleInput>;
}): Promise<void> {
  const { db, actor } = ctx;
  const run = await loadGuidedRun(db, actor, input.runId);
  if (run.state !== "open") throw new DomainError("conflict", "The run is over.");
  const settled = new Map((await settledSteps(db, run.id)).map((row) => [row.step, row]));
  const { steps } = playbookOf(run.playbook);
  const due = steps.find(({ id }) => !settled.has(id));
  const step = steps.find(({ id }) => id === input.step);
  if (step === undefined) throw new DomainError("bad_input", "This playbook has no such step.");
  if (due?.id !== step.id)
    throw new DomainError("conflict", due === undefined ? "Every step is settled." : `"${due.title}" comes first.`);
  const reason = input.reason ?? null;
  let seen: string | null = null;
  if (input.skip) {
    if (step.skippable !== true) throw new DomainError("precondition_failed", `"${step.title}" cannot be skipped.`);
    if (reason === null) throw new DomainError("bad_input", "Skipping needs a reason.");
  } else if (step.probe === undefined) {
    const wants = step.wants ?? "nothing";
    if (wants !== "nothing" && reason === null) throw new DomainError("bad_input", "Say what was done.");
    if (wants === "hash-and-reason" && input.hash == null)
      throw new DomainError("bad_input", "The SHA-256 of what was preserved is needed.");
  } else {
    const probed = await step.probe({ ...ctx, run, settled });
    if (probed.done !== true) throw new DomainError("precondition_failed", `Not done yet: ${probed.sentence}`);
    seen = probed.sentence;
  }
  const outcome = input.skip ? "skipped" : "done";
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name, reason, hash, seen)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM guided_runs WHERE id = $1 AND state = 'open' FOR UPDATE
       ON CONFLICT (run_id, step) DO NOTHING RETURNING 1`,
      [run.id, step.id, outcome, actor.id, actor.name, reason, input.skip ? null : (input.hash ?? null), seen],
    );
    if (rows.length === 0)
      throw new DomainError("conflict", "Somebody else has just settled this step, or ended the run.");
    const words = input.skip ? `skipped: ${reason}` : `done. ${seen ?? reason ?? ""}`;
    await runEntry(tx, run, actor, `step-${outcome}`, `Step "${step.title}" ${words}`, {
      parameters: { step: step.id, ...(input.hash == null || input.skip ? {} : { sha256: input.hash }) },
    });
  });
}
