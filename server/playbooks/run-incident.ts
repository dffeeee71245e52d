import type { Actor } from "@/server/auth/roles";
import { declareIn } from "@/server/incidents/declare-incident";
import { isOver } from "@/server/incidents/incident.machine";
import { loadIncident, mergedWords } from "@/server/incidents/incident-rows";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

type About = { readonly zone: { readonly id: string; readonly name: string }; readonly subject: string };

/**
 * The incident that a new run belongs to: the given one, locked so that it stays open until the run is stored, else the open one
 * about the same subject, else a new P2. One about the subject that the person may not see is passed over without a word.
 * @throws not_found, precondition_failed when the given one is over or was merged
 */
export async function incidentOfRun(
  tx: Queryable,
  actor: Actor,
  incidentId: string | null,
  { zone, subject }: About,
): Promise<string> {
  if (incidentId !== null) {
    const incident = await loadIncident(tx, actor, incidentId, true);
    if (incident.merged_into !== null || isOver(incident.state))
      throw new DomainError(
        "precondition_failed",
        `INC-${incident.number} ${incident.merged_into === null ? `is ${incident.state}` : `was merged into ${mergedWords(incident)}`}. Start the run from an open incident.`,
      );
    return incident.id;
  }
  const key = `playbook:revoke:${zone.id}:${subject}`;
  const hidden = await tx.query(
    `SELECT 1 FROM incident_keys k WHERE k.dedupe_key = $3 AND k.open AND NOT ${visibleByIncident("k.incident_id", 1)}`,
    [...viewerParams(actor), key],
  );
  const declared = await declareIn(tx, actor, {
    title: `Revoke the sessions of ${subject} in ${zone.name}`,
    severity: "P2",
    origin: "playbook",
    dedupeKeys: hidden.length > 0 ? [] : [key],
  });
  await tx.query(
    "INSERT INTO incident_links (incident_id, kind, ref, label) VALUES ($1, 'zone', $2, $3) ON CONFLICT DO NOTHING",
    [declared.incidentId, zone.id, zone.name],
  );
  return declared.incidentId;
}
