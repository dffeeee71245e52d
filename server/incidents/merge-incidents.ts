import type { z } from "zod";
import type { IncidentContext } from "@/server/incidents/act-on-incident";
import { type IncidentRow, loadIncident, mergedWords } from "@/server/incidents/incident-rows";
import { isOver } from "@/server/incidents/incident.machine";
import { stopClock } from "@/server/incidents/running-clock";
import type { mergeInput } from "@/server/incidents/schemas";
import { DomainError } from "@/server/platform/errors";
import { appendEntries } from "@/server/timeline/append-entries";

function mustBeOpen(incident: IncidentRow): void {
  if (incident.merged_into !== null)
    throw new DomainError("conflict", `INC-${incident.number} was merged into ${mergedWords(incident)} already.`);
  if (isOver(incident.state))
    throw new DomainError(
      "precondition_failed",
      `INC-${incident.number} is ${incident.state}. Only open incidents are merged.`,
    );
}

/**
 * Merges an incident into another: keys, signals, responders, zones, services, runs and watched figures go over. Its approvals stay with it, since
 * they are bound to the incident that they were asked for. Its own timeline stays and says where it went; its address goes on working. A restricted incident makes the other restricted.
 * @throws bad_input for merging into itself, conflict, precondition_failed, not_found.
 */
export async function mergeIncidents({
  ctx: { db, actor },
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof mergeInput>;
}): Promise<{ readonly intoId: string }> {
  if (input.incidentId === input.intoId)
    throw new DomainError("bad_input", "An incident cannot be merged into itself.");
  return db.transaction(async (tx) => {
    // Locked in id order, so that two merges of the same pair never wait for each other.
    const rows = new Map<string, IncidentRow>();
    for (const id of [input.incidentId, input.intoId].sort()) rows.set(id, await loadIncident(tx, actor, id, true));
    const from = rows.get(input.incidentId);
    const into = rows.get(input.intoId);
    if (from === undefined || into === undefined) throw new Error("a locked incident is gone");
    mustBeOpen(from);
    mustBeOpen(into);
    const both = [from.id, into.id];
    await tx.query("UPDATE incident_keys SET open = false WHERE incident_id = $1 AND open", [from.id]);
    for (const sql of [
      `INSERT INTO incident_keys (incident_id, dedupe_key) SELECT $2, dedupe_key FROM incident_keys WHERE incident_id = $1
        ON CONFLICT (incident_id, dedupe_key) DO UPDATE SET open = true`,
      "INSERT INTO incident_signals (incident_id, signal_id) SELECT $2, signal_id FROM incident_signals WHERE incident_id = $1 ON CONFLICT DO NOTHING",
      `INSERT INTO incident_members (incident_id, person_id) SELECT $2, person_id FROM incident_members WHERE incident_id = $1 AND active
        ON CONFLICT (incident_id, person_id) DO UPDATE SET active = true`,
      `INSERT INTO incident_links (incident_id, kind, ref, label) SELECT $2, kind, ref, label FROM incident_links WHERE incident_id = $1 AND active
        ON CONFLICT (incident_id, kind, ref) DO UPDATE SET active = true`,
      "UPDATE playbook_runs SET incident_id = $2 WHERE incident_id = $1",
      "UPDATE guided_runs SET incident_id = $2 WHERE incident_id = $1",
      `UPDATE incident_watches w SET incident_id = $2 WHERE incident_id = $1 AND NOT EXISTS (
         SELECT 1 FROM incident_watches o WHERE o.incident_id = $2 AND o.series = w.series AND o.unpinned_at IS NULL)`,
    ])
      await tx.query(sql, both);
    await stopClock(tx, from.id, "update");
    await tx.query(
      "UPDATE incidents SET merged_into = $2, revision = revision + 1, updated_at = now() WHERE id = $1",
      both,
    );
    await tx.query(
      `UPDATE incidents SET revision = revision + 1, updated_at = now(), restricted = restricted OR $2, began_at = least(began_at, $3)
        WHERE id = $1`,
      [into.id, from.restricted, from.began_at],
    );
    await appendEntries(tx, [
      {
        chain: from.id,
        kind: "incident.merged",
        by: actor,
        summary: `Merged into another incident: ${input.reason}`, // who may see that one follows the reference
        details: { refs: { incident: into.id } },
      },
      {
        chain: into.id,
        kind: "incident.absorbed",
        by: actor,
        summary: `${from.restricted ? "A restricted incident" : `INC-${from.number} "${from.title}"`} was merged into this one: ${input.reason}`,
        details: { refs: { incident: from.id } },
      },
    ]);
    return { intoId: into.id };
  });
}
