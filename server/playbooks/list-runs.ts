import { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { exactInstant } from "@/server/platform/exact-time";
import type { Page } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";
import { runTitle } from "@/server/playbooks/run-view";
import { type RunRow, subjectLabel } from "@/server/playbooks/run-rows";
import type { listRunsInput, RunSummary } from "@/server/playbooks/schemas";

type Context = { readonly db: Database; readonly actor: Pick<Actor, "id" | "roles"> };
type Cursor = { readonly at: string; readonly id: string };

const encode = (cursor: Cursor): string => Buffer.from(JSON.stringify([cursor.at, cursor.id])).toString("base64url");

function decode(text: string): Cursor {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (
      Array.isArray(parts) &&
      typeof parts[0] === "string" &&
      typeof parts[1] === "string" &&
      z.uuid().safeParse(parts[1]).success
    ) {
      const at = exactInstant(parts[0]);
      if (at !== null) return { at, id: parts[1] };
    }
  } catch {
    // falls through to the refusal
  }
  throw new DomainError(
    "stale_cursor",
    "This page link is not one of ours or is too old. Start from the first page.",
    {},
  );
}

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
  const after = input.cursor == null ? null : decode(input.cursor);
  const rows = await ctx.db.query<RunRow & { exact_at: string }>(
    `SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS exact_at FROM playbook_runs
      WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1::timestamptz, $2::uuid))
        AND ${visibleByIncident("playbook_runs.incident_id", 4)}
      ORDER BY created_at DESC, id DESC LIMIT $3`,
    [after?.at ?? null, after?.id ?? null, input.limit + 1, ...viewerParams(ctx.actor)],
  );
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return {
    nextCursor: rows.length > input.limit && last !== undefined ? encode({ at: last.exact_at, id: last.id }) : null,
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
