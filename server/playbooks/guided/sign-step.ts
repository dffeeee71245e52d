import type { z } from "zod";
import { requireRecentProof } from "@/server/auth/recent-proof";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import { dueStep } from "@/server/playbooks/guided/due-step";
import type { GuidedContext, GuidedRunRow, SignatureRow } from "@/server/playbooks/guided/playbook";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import { settledDigest, signatures } from "@/server/playbooks/guided/run-rows";
import type { SignerRole, signStepInput } from "@/server/playbooks/guided/schemas";

type Person = { readonly id: string; readonly ownRoles: readonly string[] };

/** A person with the roles that are their own: those of break-glass sign nothing. */
export async function signerOf(db: Queryable, personId: string): Promise<Person> {
  const [row] = await db.query<Person>(
    `SELECT id, CASE WHEN active THEN roles ELSE '{}' END AS "ownRoles" FROM people WHERE id = $1`,
    [personId],
  );
  return row ?? { id: personId, ownRoles: [] };
}

/** Why somebody may not sign a step for a role; null when they may. The database refuses the same (0031_guided-signatures.sql). */
export function whyNotSign(
  run: Pick<GuidedRunRow, "created_by_id" | "driver_id">,
  signed: readonly Pick<SignatureRow, "role" | "person_id" | "person_name">[],
  role: SignerRole,
  person: Person,
): string | null {
  const there = signed.find((one) => one.role === role);
  if (there !== undefined) return `${there.person_name} has signed for ${role}.`;
  if (!person.ownRoles.includes(role)) return `Somebody who is signed in with the role ${role} signs here.`;
  if (person.id === run.created_by_id || person.id === run.driver_id)
    return "You run this playbook, so somebody else has to sign it.";
  if (signed.some(({ person_id }) => person_id === person.id)) return "You have signed already: two people have to.";
  return null;
}

/**
 * Signs the step that is due, for one role, in the name of whoever is signed in, over everything that was settled before it. It
 * cannot be taken back. @throws not_found, bad_input, conflict (another step is due, something else was on the screen), forbidden,
 * precondition_failed (stale proof of identity)
 */
export async function signStep({
  ctx,
  input,
}: {
  ctx: GuidedContext & { readonly actor: Actor; readonly signInId: string };
  input: z.output<typeof signStepInput>;
}): Promise<void> {
  const { db, actor, signInId } = ctx;
  const { run, step } = await dueStep(ctx, input);
  if (step.signers?.includes(input.role) !== true)
    throw new DomainError("bad_input", `"${step.title}" is not signed for ${input.role}.`);
  await requireRecentProof(db, signInId, actor.id);
  await db.transaction(async (tx) => {
    await tx.query("SELECT 1 FROM guided_runs WHERE id = $1 FOR UPDATE", [run.id]); // one signature after the other
    const signed = (await signatures(tx, run.id)).filter((one) => one.step === step.id);
    const why = whyNotSign(run, signed, input.role, await signerOf(tx, actor.id));
    if (why !== null) throw new DomainError("forbidden", why);
    const digest = await settledDigest(tx, run.id);
    if (digest !== input.digest)
      throw new DomainError("conflict", "This is not what was on your screen. Load the run again and look at it.");
    await tx.query(
      "INSERT INTO guided_signatures (run_id, step, role, person_id, person_name, comment, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      [run.id, step.id, input.role, actor.id, actor.name, input.comment, digest],
    );
    await runEntry(
      tx,
      run,
      actor,
      "signed",
      `${actor.name} signed "${step.title}" for ${input.role}: ${input.comment}`,
      {
        parameters: { step: step.id, role: input.role, sha256: digest },
      },
    );
  });
}
