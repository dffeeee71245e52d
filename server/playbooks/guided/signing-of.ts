import { recentProof } from "@/server/auth/recent-proof";
import type { Actor } from "@/server/auth/roles";
import type { GuidedContext, GuidedRunRow, StepDeclaration } from "@/server/playbooks/guided/playbook";
import { settledDigest, signatures } from "@/server/playbooks/guided/run-rows";
import type { GuidedSigning } from "@/server/playbooks/guided/schemas";
import { signerOf, whyNotSign } from "@/server/playbooks/guided/sign-step";

type Context = Pick<GuidedContext, "db"> & { readonly actor: Pick<Actor, "id">; readonly signInId?: string };

/** Who signs a step and who has, and whether the viewer may; null for a step that nobody signs. */
export async function signingOf(
  { db, actor, signInId }: Context,
  run: GuidedRunRow,
  step: StepDeclaration,
  due: boolean,
): Promise<GuidedSigning | null> {
  if (step.signers === undefined) return null;
  const [all, digest, person, proof] = await Promise.all([
    signatures(db, run.id),
    settledDigest(db, run.id),
    signerOf(db, actor.id),
    due && signInId !== undefined ? recentProof(db, signInId, actor.id) : null,
  ]);
  const signed = all.filter((one) => one.step === step.id);
  return {
    digest,
    roles: step.signers.map((role) => {
      const there = signed.find((one) => one.role === role);
      return {
        role,
        signed:
          there === undefined
            ? null
            : {
                by: there.person_name,
                at: there.signed_at.toISOString(),
                comment: there.comment,
                digest: there.digest,
              },
        whyNot: due ? whyNotSign(run, signed, role, person) : "It is not the turn of this step.",
      };
    }),
    reauthentication: proof,
  };
}
