import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { readPostMortem } from "@/server/post-mortem/get-post-mortem";
import type { PostMortemView, signPostMortemInput } from "@/server/post-mortem/schemas";
import { subjectIncident } from "@/server/post-mortem/subject-incident";
import { appendEntries } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly actor: Actor };

/**
 * Signs the post-mortem as the signer read it: revision and digest must still be those of the text. The second signature of the
 * same bytes signs it off.
 * @throws conflict when the text has changed since or the person has signed it already, precondition_failed, not_found.
 */
export async function signPostMortem({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof signPostMortemInput>;
}): Promise<PostMortemView> {
  return db.transaction(async (tx) => {
    const incident = await subjectIncident(tx, actor, input.incidentId, true);
    await tx.query("SELECT 1 FROM post_mortems WHERE incident_id = $1 FOR UPDATE", [incident.id]); // saves and signatures take turns
    const view = await readPostMortem(tx, incident);
    if (view.may.sign.why !== null) throw new DomainError("precondition_failed", view.may.sign.why);
    if (view.revision !== input.revision || view.digest !== input.digest)
      throw new DomainError("conflict", "The post-mortem has changed since you read it. Read it again, then sign.", {
        revision: view.revision,
      });
    const signed = await tx.query(
      `INSERT INTO post_mortem_signatures AS s (incident_id, revision, person_id, person_name, digest)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (incident_id, revision, person_id) DO UPDATE SET digest = $5, signed_at = now(), withdrawn_at = NULL
        WHERE s.withdrawn_at IS NOT NULL OR s.digest <> $5 OR s.signed_at < $6 RETURNING 1`,
      [incident.id, view.revision, actor.id, actor.name, view.digest, incident.resolved_at],
    );
    if (signed.length === 0)
      throw new DomainError("conflict", "You have signed this text already. Somebody else signs next.");
    const after = await readPostMortem(tx, incident);
    const parameters = { revision: view.revision, digest: view.digest };
    await appendEntries(tx, [
      {
        chain: incident.id,
        kind: "post-mortem.signed",
        by: actor,
        summary: `Post-mortem signed by ${actor.name}`,
        details: { parameters },
      },
      ...(after.signedOff && after.signatures.length === 2
        ? [
            {
              chain: incident.id,
              kind: "post-mortem.signed-off",
              by: null,
              summary: `Post-mortem signed off by ${after.signatures.map(({ person }) => person.name).join(" and ")}`,
              details: { parameters },
            },
          ]
        : []),
    ]);
    return after;
  });
}

/** Takes the person's own signature of the current revision back. @throws conflict when there is none, precondition_failed, not_found. */
export async function withdrawSignature({
  ctx: { db, actor },
  input,
}: {
  ctx: Context;
  input: { readonly incidentId: string };
}): Promise<PostMortemView> {
  return db.transaction(async (tx) => {
    const incident = await subjectIncident(tx, actor, input.incidentId, true);
    if (incident.state === "closed")
      throw new DomainError("precondition_failed", "The incident is closed. Reopen it to change its post-mortem.");
    const gone = await tx.query(
      `UPDATE post_mortem_signatures s SET withdrawn_at = now() FROM post_mortems p
        WHERE p.incident_id = s.incident_id AND p.revision = s.revision AND s.incident_id = $1 AND s.person_id = $2
          AND s.withdrawn_at IS NULL RETURNING 1`,
      [incident.id, actor.id],
    );
    if (gone.length === 0) throw new DomainError("conflict", "You have no signature on the text as it stands.");
    const view = await readPostMortem(tx, incident);
    await appendEntries(tx, [
      {
        chain: incident.id,
        kind: "post-mortem.signature-withdrawn",
        by: actor,
        summary: `${actor.name} took their signature of the post-mortem back`,
        details: { parameters: { revision: view.revision } },
      },
    ]);
    return view;
  });
}
