import { createHash } from "node:crypto";
import type { Actor } from "@/server/auth/roles";
import type { May } from "@/server/incidents/schemas";
import type { Database, Queryable } from "@/server/platform/postgres";
import { draftSections, sectionTitles } from "@/server/post-mortem/draft-sections";
import { measureIncident } from "@/server/post-mortem/measure";
import { renderPostMortemMarkdown } from "@/server/post-mortem/render-post-mortem";
import {
  type FollowUp,
  type PostMortemSection,
  postMortemSections,
  type PostMortemView,
} from "@/server/post-mortem/schemas";
import { type SubjectIncident, subjectIncident } from "@/server/post-mortem/subject-incident";

type Row = {
  revision: number;
  sections: Partial<Record<PostMortemSection, string>>;
  updated_at: Date;
  updated_by_name: string;
};

/** What stands against changing the text now; null: it may be changed. */
export function whyNotEdit(incident: SubjectIncident): string | null {
  if (incident.merged) return "This incident was merged into another: the post-mortem is written there.";
  return incident.state === "closed" ? "The incident is closed. Reopen it to change its post-mortem." : null;
}

/** What stands against signing now, beside what the signer holds; null: it may be signed. */
export function whyNotSign(incident: SubjectIncident, revision: number, openRuns: number): string | null {
  const edit = whyNotEdit(incident);
  if (edit !== null) return edit;
  if (incident.state !== "resolved")
    return "It is signed once the incident is resolved: until then its figures still move.";
  if (revision === 0) return "Nobody has written anything yet: the draft alone is not a post-mortem.";
  return openRuns > 0 ? `Playbook runs that are not over: ${openRuns}. Finish or abandon them first.` : null;
}

const may = (why: string | null): May => ({ allowed: why === null, why });

async function loadFollowUps(db: Queryable, incidentId: string): Promise<FollowUp[]> {
  const rows = await db.query<{
    id: string;
    title: string;
    owner_id: string | null;
    owner_name: string | null;
    due_on: string | null;
    state: FollowUp["state"];
  }>(
    `SELECT id, title, owner_id, owner_name, to_char(due_on, 'YYYY-MM-DD') AS due_on, state
       FROM follow_ups WHERE incident_id = $1 ORDER BY created_at, id LIMIT 200`,
    [incidentId],
  );
  return rows.map(({ id, title, owner_id, owner_name, due_on, state }) => ({
    id,
    title,
    owner: owner_id === null || owner_name === null ? null : { id: owner_id, name: owner_name },
    dueOn: due_on,
    state,
  }));
}

/** The post-mortem as it reads in this transaction: written sections over the draft, figures, digest and signatures. */
export async function readPostMortem(db: Queryable, incident: SubjectIncident): Promise<PostMortemView> {
  const [row] = await db.query<Row>(
    "SELECT revision, sections, updated_at, updated_by_name FROM post_mortems WHERE incident_id = $1",
    [incident.id],
  );
  const measured = await measureIncident(db, incident);
  const followUps = await loadFollowUps(db, incident.id);
  const [runs] = await db.query<{ open: number }>(
    "SELECT count(*)::int AS open FROM playbook_runs WHERE incident_id = $1 AND state NOT IN ('done', 'abandoned')",
    [incident.id],
  );
  const draft = draftSections(incident, measured);
  const revision = row?.revision ?? 0;
  const document = {
    incident: {
      id: incident.id,
      number: incident.number,
      title: incident.title,
      severity: incident.severity,
      state: incident.state,
      restricted: incident.restricted,
      drill: incident.drill,
    },
    revision,
    sections: postMortemSections.map((name) => {
      const written = row?.sections[name];
      return {
        name,
        title: sectionTitles[name],
        text: written ?? draft[name],
        draft: draft[name],
        written: written !== undefined,
      };
    }),
    measured,
    followUps,
  };
  const digest = createHash("sha256").update(renderPostMortemMarkdown(document)).digest("hex");
  const signatures = await db.query<{ person_id: string; person_name: string; signed_at: Date }>(
    `SELECT person_id, person_name, signed_at FROM post_mortem_signatures
      WHERE incident_id = $1 AND revision = $2 AND digest = $3 AND withdrawn_at IS NULL AND signed_at >= $4 ORDER BY signed_at LIMIT 50`,
    [incident.id, revision, digest, incident.resolved_at ?? new Date(0)],
  );
  return {
    ...document,
    updatedAt: row?.updated_at.toISOString() ?? null,
    updatedBy: row?.updated_by_name ?? null,
    digest,
    signatures: signatures.map((one) => ({
      person: { id: one.person_id, name: one.person_name },
      signedAt: one.signed_at.toISOString(),
    })),
    signedOff: signatures.length >= 2,
    may: { edit: may(whyNotEdit(incident)), sign: may(whyNotSign(incident, revision, runs?.open ?? 0)) },
  };
}

type Call = { ctx: { readonly db: Database; readonly actor: Actor }; input: { readonly incidentId: string } };

/** One incident's post-mortem; a draft from the record when nobody has written yet. @throws not_found */
export async function getPostMortem({ ctx, input }: Call): Promise<PostMortemView> {
  return readPostMortem(ctx.db, await subjectIncident(ctx.db, ctx.actor, input.incidentId));
}
