import { randomUUID } from "node:crypto";
import type { Json, Stored } from "@/server/approvals/approved-action";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import type { Queryable } from "@/server/platform/postgres";
import { openRound } from "@/server/playbooks/open-round";
import { readBlastRadius } from "@/server/playbooks/read-blast-radius";
import { appendLog } from "@/server/playbooks/run-log";

export type Scope = {
  readonly zone: { readonly id: string; readonly name: string; readonly slug: string };
  readonly subjects: readonly string[] | null; // null: everybody in the zone
  readonly sids: readonly string[]; // exactly what the first round revokes
};

/** Records a run beyond one subject as two people agreed on it, with its frozen sids as the targets of its first round. Gives its id. */
export async function startScopedRun(
  tx: Queryable,
  caracal: Deployment,
  stored: Stored,
  by: Actor,
  { zone, subjects, sids }: Scope,
): Promise<string> {
  const list = subjects === null ? null : [...subjects];
  const [lane, { blast, outlives }, sessions] = await Promise.all([
    chooseLane(caracal, sids.length),
    readBlastRadius(caracal.db, zone.id, list),
    caracal.db.query<{ id: string; expires: Date; made: Date }>(
      "SELECT id, expires_at AS expires, created_at AS made FROM sessions WHERE id = ANY ($1) AND zone_id = $2",
      [sids, zone.id],
    ),
  ]);
  const runId = randomUUID();
  await tx.query(
    `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, scope, scope_subjects, subject_type, from_kind, from_id,
                                approval_id, incident_id, reason, created_by_id, created_by_name, driver_id, driver_name, blast, outlives, step_times)
     VALUES ($1, 'revoke-session', 'revoke', $2, $3, $4, $5, $6, 'scope', 'approval', ($7::uuid)::text, $7::uuid, $8, $9, $10, $11, $10, $11, $12, $13,
             jsonb_build_object('revoke', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))`,
    [
      runId,
      zone.id,
      zone.name,
      zone.slug,
      subjects === null ? "zone" : "subjects",
      list,
      stored.approvalId,
      stored.incidentId,
      stored.reason,
      by.id,
      by.name,
      JSON.stringify(blast),
      JSON.stringify(outlives),
    ],
  );
  const round = await openRound(tx, { runId, kind: "revoke", lane: lane.kind, by });
  await tx.query(
    `INSERT INTO playbook_targets (run_id, sid, zone_id, round, sweep, expires_at, minted_at)
     SELECT $1, t.sid, $2, $3, 1, t.expires, t.made FROM unnest($4::text[], $5::timestamptz[], $6::timestamptz[]) AS t (sid, expires, made)`,
    [
      runId,
      zone.id,
      round,
      sessions.map(({ id }) => id),
      sessions.map(({ expires }) => expires),
      sessions.map(({ made }) => made),
    ],
  );
  await tx.query("UPDATE playbook_rounds SET planned_at = now(), targets = $3 WHERE run_id = $1 AND round = $2", [
    runId,
    round,
    sessions.length,
  ]);
  const data: { readonly [key: string]: Json } = { approval: stored.approvalId, targets: sids.length };
  await appendLog(tx, runId, by, [
    {
      kind: "revoke",
      text: `Revocation of ${sessions.length} sessions ordered, as two people agreed: ${stored.reason}; ${lane.note}`,
      data,
    },
  ]);
  return runId;
}
