import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { GuidedRunRow, SettledRow, SignatureRow, TickRow } from "@/server/playbooks/guided/playbook";

/** A run that the viewer may see: one of a restricted incident is as if it were not there. @throws not_found */
export async function loadGuidedRun(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  id: string,
): Promise<GuidedRunRow> {
  const [run] = await db.query<GuidedRunRow>(
    `SELECT r.*, i.number::int AS number FROM guided_runs r JOIN incidents i ON i.id = r.incident_id
      WHERE r.id = $3 AND ${visibleByIncident("r.incident_id", 1)}`,
    [...viewerParams(actor), id],
  );
  if (run === undefined) throw new DomainError("not_found", "There is no such run.", { id });
  return run;
}

/** The settled steps of a run. */
export const settledSteps = (db: Queryable, runId: string): Promise<SettledRow[]> =>
  db.query<SettledRow>(
    "SELECT step, outcome, by_name, settled_at, reason, hash, seen, kept FROM guided_steps WHERE run_id = $1",
    [runId],
  );

/** What was ticked in a run, of whichever step. */
export const tickedChecks = (db: Queryable, runId: string): Promise<TickRow[]> =>
  db.query<TickRow>("SELECT step, item, by_name, ticked_at, note FROM guided_checks WHERE run_id = $1 LIMIT 500", [
    runId,
  ]);

/** Signatures under the steps of a run. */
export const signatures = (db: Queryable, runId: string): Promise<SignatureRow[]> =>
  db.query<SignatureRow>(
    "SELECT step, role, person_id, person_name, comment, digest, signed_at FROM guided_signatures WHERE run_id = $1 ORDER BY signed_at",
    [runId],
  );

/** SHA-256 over the steps of a run that are settled, with all that was kept of them: what a signature is under. */
export async function settledDigest(db: Queryable, runId: string): Promise<string> {
  const [row] = await db.query<{ digest: string }>(
    `SELECT encode(sha256(convert_to(coalesce(json_agg(json_build_array(step, outcome, by_id, settled_at, reason, hash, seen, kept) ORDER BY settled_at, step), '[]')::text, 'UTF8')), 'hex') AS digest
       FROM guided_steps WHERE run_id = $1`,
    [runId],
  );
  if (row === undefined) throw new Error("the database gave no digest");
  return row.digest;
}
