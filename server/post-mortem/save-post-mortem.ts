import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { sectionTitles } from "@/server/post-mortem/draft-sections";
import { readPostMortem, whyNotEdit } from "@/server/post-mortem/get-post-mortem";
import {
  type PostMortemSection,
  postMortemSections,
  type PostMortemView,
  type savePostMortemInput,
} from "@/server/post-mortem/schemas";
import { subjectIncident } from "@/server/post-mortem/subject-incident";
import { appendEntries } from "@/server/timeline/append-entries";

type Call = { ctx: { readonly db: Database; readonly actor: Actor }; input: z.output<typeof savePostMortemInput> };

/**
 * Saves what was typed, if nobody else saved meanwhile: the revision that the editor started from decides. Signatures stay with
 * the revision they were made on. Autosaves of one person within five minutes are one edit on the record.
 * @throws conflict when somebody else saved first, precondition_failed when the incident is closed or merged, not_found.
 */
export async function savePostMortem({ ctx, input }: Call): Promise<PostMortemView> {
  const { actor } = ctx;
  return ctx.db.transaction(async (tx) => {
    const incident = await subjectIncident(tx, actor, input.incidentId, true);
    const why = whyNotEdit(incident);
    if (why !== null) throw new DomainError("precondition_failed", why);
    const written = postMortemSections.filter((name) => typeof input.sections[name] === "string");
    const dropped = postMortemSections.filter((name) => input.sections[name] === null);
    const given = JSON.stringify(Object.fromEntries(written.map((name) => [name, input.sections[name]])));
    const [saved] = await tx.query<{ revision: number; note: boolean }>(
      `INSERT INTO post_mortems AS p (incident_id, sections, updated_by_id, updated_by_name)
       SELECT $1::uuid, $2::json, $3::uuid, $4::text WHERE $5::int = 0 OR EXISTS (SELECT 1 FROM post_mortems WHERE incident_id = $1)
       ON CONFLICT (incident_id) DO UPDATE
          SET sections = ((p.sections::jsonb - $6::text[]) || $2::jsonb)::json, revision = p.revision + 1, updated_at = now(),
              noted_at = CASE WHEN p.updated_by_id <> $3 OR p.noted_at < now() - interval '5 minutes' THEN now() ELSE p.noted_at END,
              updated_by_id = $3, updated_by_name = $4
        WHERE p.revision = $5
       RETURNING revision, noted_at = now() AS note`,
      [incident.id, given, actor.id, actor.name, input.revision, dropped],
    );
    if (saved === undefined) {
      const [other] = await tx.query<{ name: string; revision: number }>(
        "SELECT updated_by_name AS name, revision FROM post_mortems WHERE incident_id = $1",
        [incident.id],
      );
      throw new DomainError(
        "conflict",
        `${other?.name ?? "Somebody"} saved this post-mortem meanwhile. Your text is still in the editor: compare, then save over theirs or take it.`,
        { revision: other?.revision ?? 0 },
      );
    }
    const titles = (names: readonly PostMortemSection[]) => names.map((name) => sectionTitles[name]).join(", ");
    const view = await readPostMortem(tx, incident);
    if (saved.note)
      await appendEntries(tx, [
        {
          chain: incident.id,
          kind: "post-mortem.edited",
          by: actor,
          summary: `Post-mortem edited: ${titles([...written, ...dropped]) || "nothing changed"}`,
          details: {
            parameters: { sections: [...written, ...dropped], revision: saved.revision },
            after: { digest: view.digest },
          },
        },
      ]);
    return view;
  });
}
