import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { dueStep } from "@/server/playbooks/guided/due-step";
import type { GuidedContext, GuidedRunRow, Looking, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { wordsOfKept } from "@/server/playbooks/guided/words-of-kept";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { GuidedReport } from "@/server/playbooks/guided/reports.schemas";
import { signatures, tickedChecks } from "@/server/playbooks/guided/run-rows";
import type { Probed, settleInput } from "@/server/playbooks/guided/schemas";

type Context = GuidedContext & { readonly actor: Actor };
type Given = z.output<typeof settleInput>;

/** What only people know of a step: everything ticked, and, without a probe, what the step wants to be told. @throws bad_input, precondition_failed */
async function saidByPeople(
  ctx: Context,
  run: GuidedRunRow,
  step: StepDeclaration,
  input: Given,
  byHand = false,
): Promise<void> {
  const ticks = (await tickedChecks(ctx.db, run.id)).filter((tick) => tick.step === step.id).map(({ item }) => item);
  const open = step.checks?.(ctx.caracal).find(({ item }) => !ticks.includes(item));
  if (open !== undefined && step.ticksOffered !== true)
    throw new DomainError("precondition_failed", `Not ticked yet: ${open.label}.`);
  if (step.signers !== undefined) {
    const signed = (await signatures(ctx.db, run.id)).filter((one) => one.step === step.id).map(({ role }) => role);
    const missing = step.signers.filter((role) => !signed.includes(role));
    if (missing.length > 0) throw new DomainError("precondition_failed", `Not signed yet: ${missing.join(", ")}.`);
  }
  if (step.probe !== undefined && !byHand) return;
  const wants = step.wants ?? "nothing";
  if (wants !== "nothing" && input.reason == null) throw new DomainError("bad_input", "Say what was done.");
  if (wants === "hash-and-reason" && input.hash == null)
    throw new DomainError("bad_input", "The SHA-256 of what was preserved is needed.");
  if (wants === "verdict" && input.verdict == null)
    throw new DomainError("bad_input", "The verdict is needed: what, how sure, since when, and what it took.");
}

/** What is kept of the step: its figures as they are now, or the verdict that is given beside the one that was proposed. */
async function keptOf(step: StepDeclaration, looking: Looking, input: Given): Promise<GuidedReport | null> {
  const report = (await step.report?.(looking)) ?? null;
  if (step.wants !== "verdict" || input.verdict == null) return report;
  return { kind: "verdict", given: input.verdict, proposal: report?.kind === "proposal" ? report : null };
}

/**
 * Settles the step that a run is at: its probe is asked once more, of everything, and must agree, or, without a probe or where it may be
 * done by hand, the person says what the step wants to know; or it is skipped with a reason where that is allowed. Steps go in order: a later one is refused.
 * Of two people at once one settles it.
 * @throws not_found, conflict (another step is due, or settled meanwhile), bad_input, precondition_failed (the probe does not agree)
 */
export async function settleStep({ ctx, input }: { ctx: Context; input: Given }): Promise<void> {
  const { db, actor } = ctx;
  const { run, step, settled } = await dueStep(ctx, input);
  const reason = input.reason ?? null;
  const looking: Looking = { ...ctx, run, settled, thorough: true };
  let seen: string | null = null;
  let figures: Probed["figures"];
  let kept: GuidedReport | null = null;
  if (input.skip) {
    if (step.skippable !== true) throw new DomainError("precondition_failed", `"${step.title}" cannot be skipped.`);
    if (reason === null) throw new DomainError("bad_input", "Skipping needs a reason.");
  } else {
    if (step.byHand !== true) await saidByPeople(ctx, run, step, input);
    const probed = await step.probe?.(looking);
    if (step.byHand === true && probed?.done !== true) await saidByPeople(ctx, run, step, input, true);
    else if (probed !== undefined && probed.done !== true)
      throw new DomainError("precondition_failed", `Not done yet: ${probed.sentence}`);
    seen = probed?.sentence ?? null;
    figures = probed?.figures;
    kept = await keptOf(step, looking, input);
  }
  const outcome = input.skip ? "skipped" : "done";
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name, reason, hash, seen, kept)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::json FROM guided_runs WHERE id = $1 AND state = 'open' FOR UPDATE
       ON CONFLICT (run_id, step) DO NOTHING RETURNING 1`,
      [
        run.id,
        step.id,
        outcome,
        actor.id,
        actor.name,
        reason,
        input.skip ? null : (input.hash ?? null),
        seen,
        kept === null ? null : JSON.stringify(kept),
      ],
    );
    if (rows.length === 0)
      throw new DomainError("conflict", "Somebody else has just settled this step, or ended the run.");
    const words = input.skip
      ? `skipped: ${reason}`
      : `done. ${[seen ?? reason, wordsOfKept(kept)].filter(Boolean).join(" ")}`;
    await runEntry(tx, run, actor, `step-${outcome}`, `Step "${step.title}" ${words}`, {
      parameters: { step: step.id, ...(input.hash == null || input.skip ? {} : { sha256: input.hash }) },
      ...(figures === undefined ? {} : { figures }),
      ...(kept === null ? {} : { after: kept }),
    });
  });
}
