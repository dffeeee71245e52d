import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** Those of the runs that are there and that the viewer may see: a run of a restricted incident is for its responders. */
export async function visibleRuns(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  runIds: readonly string[],
): Promise<readonly string[]> {
  if (runIds.length === 0) return [];
  const rows = await db.query<{ id: string }>(
    `SELECT r.id FROM playbook_runs r WHERE r.id = ANY ($3::uuid[]) AND ${visibleByIncident("r.incident_id", 1)}`,
    [...viewerParams(actor), runIds],
  );
  return rows.map(({ id }) => id);
}

/** Refuses as if it were not there when the viewer may not see the run. @throws not_found */
export async function requireVisibleRun(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  runId: string,
): Promise<void> {
  if ((await visibleRuns(db, actor, [runId])).length === 0)
    throw new DomainError("not_found", "There is no such run.", { runId });
}
