import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { dueStep } from "@/server/playbooks/guided/due-step";
import type { GuidedContext } from "@/server/playbooks/guided/playbook";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { tickInput } from "@/server/playbooks/guided/schemas";

/**
 * Ticks one thing of the step that is due, in the caller's name and with how they know. It stays ticked; of two people one ticks it.
 * @throws not_found, bad_input, conflict when another step is due or it is ticked already
 */
export async function tickCheck({
  ctx,
  input,
}: {
  ctx: GuidedContext & { readonly actor: Actor };
  input: z.output<typeof tickInput>;
}): Promise<void> {
  const { run, step } = await dueStep(ctx, input);
  const check = step.checks?.(ctx.caracal).find(({ item }) => item === input.item);
  if (check === undefined) throw new DomainError("bad_input", "This step has no such thing to tick.");
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `INSERT INTO guided_checks (run_id, step, item, by_id, by_name, note)
       SELECT id, $2, $3, $4, $5, $6 FROM guided_runs WHERE id = $1 AND state = 'open' FOR UPDATE
       ON CONFLICT (run_id, step, item) DO NOTHING RETURNING 1`,
      [run.id, step.id, check.item, ctx.actor.id, ctx.actor.name, input.note],
    );
    if (rows.length === 0) throw new DomainError("conflict", "Somebody else has just ticked this, or ended the run.");
    await runEntry(tx, run, ctx.actor, "ticked", `${ctx.actor.name} ticked "${check.label}": ${input.note}`, {
      parameters: { step: step.id, item: check.item },
    });
  });
}
