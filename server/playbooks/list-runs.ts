import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";
import { type RunRow, runTitle, subjectLabel } from "@/server/playbooks/run-rows";
import type { listRunsInput, RunSummary } from "@/server/playbooks/schemas";

type Context = { readonly db: Database; readonly actor: Pick<Actor, "id" | "roles"> };

const progress = (run: Pick<RunRow, "state" | "proof" | "blast">): string => {
  if (run.proof !== null) return run.proof.summary;
  return run.blast === null ? "Subject not confirmed" : `${run.blast.liveSessions} live sessions, nothing revoked yet`;
};

/** Runs that the viewer may see, newest first, by keyset. @throws stale_cursor */
export async function listRuns({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listRunsInput>;
}): Promise<Page<RunSummary>> {
  const [at, id] = decodeCursor("runs", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<RunRow & { exact_at: string }>(
    `SELECT *, ${exactInstantSql("created_at")} AS exact_at FROM playbook_runs
      WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1::timestamptz, $2::uuid))
        AND ${visibleByIncident("playbook_runs.incident_id", 4)}
      ORDER BY created_at DESC, id DESC LIMIT $3`,
    [at, id, input.limit + 1, ...viewerParams(ctx.actor)],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("runs", {}, [last.exact_at, last.id]),
  );
  return {
    nextCursor,
    rows: page.map((run) => ({
      id: run.id,
      title: runTitle(run),
      state: run.state,
      drill: run.drill,
      zone: { id: run.zone_id, name: run.zone_name, slug: run.zone_slug },
      subject: { id: subjectLabel(run), type: run.subject_type },
      createdBy: { id: run.created_by_id, name: run.created_by_name },
      driver: { id: run.driver_id, name: run.driver_name },
      createdAt: run.created_at.toISOString(),
      updatedAt: run.updated_at.toISOString(),
      progress: progress(run),
    })),
  };
}
