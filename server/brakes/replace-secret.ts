import { createHash, randomBytes } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { brakeEntry } from "@/server/brakes/brake-entry";
import type { ReplaceSecretAnswer, replaceSecretInput } from "@/server/brakes/schemas";
import { findApplication } from "@/server/caracal/brakes/applications";
import { type PatchOutcome, patchApplicationSecret } from "@/server/caracal/brakes/patch-application";
import type { Deployment } from "@/server/caracal/deployment";
import { requireVisible } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { curlLine } from "@/server/playbooks/revoke-session/shell-quote";
import type { NewEntry } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly caracal: Deployment; readonly actor: Actor };

const fingerprintOf = (secret: string): string => createHash("sha256").update(secret).digest("hex").slice(0, 12);

const outcomeWords: Readonly<Record<PatchOutcome["kind"], string>> = {
  done: "replaced",
  refused: "not replaced: the API refused",
  unreachable: "not replaced: no API replica answered",
  unknown: "perhaps replaced: the API did not say. Replace it again",
};

/**
 * Replaces an application's secret (trap 20). The new one is made here, goes to the API and into this answer, and nowhere else: not the
 * record, the database, a log or an error. Intent is on record before the call, the result after it. Without CARACAL_ADMIN_TOKEN the
 * exact call is given instead and nothing is done.
 * @throws not_found, source_unreachable when nothing was replaced or nobody can tell; precondition_failed when the API refused.
 */
export async function replaceSecret({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof replaceSecretInput>;
}): Promise<ReplaceSecretAnswer> {
  const { db, caracal, actor } = ctx;
  const incidentId = input.incidentId ?? null;
  if (incidentId !== null) await requireVisible(db, actor, incidentId);
  const application = await findApplication(caracal.db, input.zoneId, input.applicationId);
  if (application === null)
    throw new DomainError("not_found", "No such application in this zone. Nothing was replaced.");
  const refs = { application: application.id };
  const parameters = { zoneId: input.zoneId, applicationId: application.id, reason: input.reason };
  const record = (entry: Pick<NewEntry, "kind" | "summary" | "details">) =>
    db.transaction((tx) => brakeEntry(tx, incidentId, { ...entry, by: actor }));

  if (caracal.adminToken === null || !caracal.replicas.some(({ kind }) => kind === "api")) {
    const path = `/v1/zones/${encodeURIComponent(input.zoneId)}/applications/${encodeURIComponent(application.id)}`;
    await record({
      kind: "brake.secret-by-hand",
      summary: `Secret of application ${application.name} is to be replaced by hand: ${input.reason}`,
      details: { refs, parameters },
    });
    return {
      kind: "by-hand",
      why: "CARACAL_ADMIN_TOKEN or CARACAL_API_URLS is not set here, so the console cannot do it. Nothing was changed.",
      command: `NEW_SECRET="$(openssl rand -base64 36)"\n${curlLine("PATCH", path, `{"client_secret":"'"$NEW_SECRET"'"}`)}`,
    };
  }
  const secret = randomBytes(32).toString("base64url");
  const fingerprint = fingerprintOf(secret);
  await record({
    kind: "brake.secret-ordered",
    summary: `Replacing the secret of application ${application.name}: ${input.reason}`,
    details: { refs, parameters },
  });
  const outcome = await patchApplicationSecret(caracal, {
    zoneId: input.zoneId,
    applicationId: application.id,
    secret,
  });
  await record({
    kind: outcome.kind === "done" ? "brake.secret-replaced" : "brake.secret-failed",
    summary: `Secret of application ${application.name} ${outcomeWords[outcome.kind]}${outcome.kind === "refused" ? ` (${outcome.status})` : ""}`,
    details: { refs, after: outcome.kind === "done" || outcome.kind === "unknown" ? { fingerprint } : null },
  });
  if (outcome.kind === "done") return { kind: "replaced", secret, fingerprint };
  if (outcome.kind === "refused")
    throw new DomainError(
      "precondition_failed",
      `Caracal's API refused with ${outcome.status}. The old secret still works. Check the admin token and that the application is not archived.`,
    );
  throw new DomainError(
    "source_unreachable",
    outcome.kind === "unreachable"
      ? "No API replica answered. The old secret still works. Try again when the API is back, or archive the application."
      : "The API did not say whether it replaced the secret. It may have: replace it again, so that you hold the one that counts.",
  );
}
