import type { IncidentRow } from "@/server/incidents/incident-rows";
import type { Queryable } from "@/server/platform/postgres";
import { postMortemSignedOff } from "@/server/post-mortem/signed-off";

/** True when the incident is P1 or ever was: lowering the severity does not spare the post-mortem. */
async function everP1(db: Queryable, incident: IncidentRow): Promise<boolean> {
  if (incident.severity === "P1") return true;
  const rows = await db.query(
    `SELECT 1 FROM timeline_entries WHERE chain = $1 AND kind IN ('incident.declared', 'incident.severity-changed')
       AND (details->'parameters'->>'severity' = 'P1' OR details->>'before' = 'P1') LIMIT 1`,
    [incident.id],
  );
  return rows.length > 0;
}

/** Everything that stands against closing the incident, of those merged into it as well, in words; empty when it may be closed. */
export async function closeBlockers(db: Queryable, incident: IncidentRow): Promise<readonly string[]> {
  const blockers: string[] = [];
  if (!incident.drill && (await everP1(db, incident)) && !(await postMortemSignedOff(db, incident.id)))
    blockers.push("A P1 closes with its post-mortem: two people have to sign the same text after the resolution.");
  const [open] = await db.query<{ glass: number; frozen: number; approvals: number; runs: number; jobs: number }>(
    `WITH RECURSIVE own AS (SELECT $1::uuid AS id UNION SELECT i.id FROM incidents i JOIN own ON i.merged_into = own.id)
     SELECT (SELECT count(*) FROM break_glass WHERE incident_id IN (SELECT id FROM own) AND opened_at IS NOT NULL AND reviewed_at IS NULL)::int AS glass,
            (SELECT count(*) FROM zone_freezes WHERE incident_id IN (SELECT id FROM own) AND state <> 'thawed')::int AS frozen,
            (SELECT count(*) FROM approval_requests
              WHERE incident_id IN (SELECT id FROM own) AND state IN ('pending', 'approved') AND expires_at > now())::int AS approvals,
            ((SELECT count(*) FROM playbook_runs WHERE incident_id = $1 AND state NOT IN ('done', 'abandoned'))
              + (SELECT count(*) FROM guided_runs WHERE incident_id IN (SELECT id FROM own) AND state = 'open'))::int AS runs,
            (SELECT count(*) FROM key_jobs WHERE incident_id IN (SELECT id FROM own) AND state IN ('queued', 'running'))::int AS jobs`,
    [incident.id],
  );
  if (open === undefined) throw new Error("an aggregate gave no row");
  if (open.glass > 0) blockers.push("Break-glass was used and nobody else has reviewed it yet.");
  if (open.frozen > 0)
    blockers.push(`${open.frozen === 1 ? "A zone is" : `${open.frozen} zones are`} still frozen for it. Thaw first.`);
  if (open.approvals > 0)
    blockers.push("An approval that belongs to it is still open. Execute it, cancel it or let it expire.");
  if (open.runs > 0) blockers.push(`Playbook runs that are not over: ${open.runs}. Finish or abandon them.`);
  if (open.jobs > 0) blockers.push("A re-encryption or rotation that belongs to it is still running.");
  return blockers;
}
