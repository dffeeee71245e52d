import type { z } from "zod";
import { actOnIncident, type IncidentContext, type OwnEntry } from "@/server/incidents/act-on-incident";
import { closeBlockers } from "@/server/incidents/close-blockers";
import type { IncidentRow } from "@/server/incidents/incident-rows";
import { transition } from "@/server/incidents/incident.machine";
import { restartUpdateClock, startPostMortemClock, stopClock } from "@/server/incidents/running-clock";
import type { IncidentState, moveIncidentInput } from "@/server/incidents/schemas";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** Contained and recovered keep their first time; resolved and closed say when it last was. */
const timeOf: Readonly<Partial<Record<IncidentState, string>>> = {
  contained: ", contained_at = coalesce(contained_at, clock_timestamp())",
  recovered: ", recovered_at = coalesce(recovered_at, clock_timestamp())",
  resolved: ", resolved_at = clock_timestamp()",
  closed: ", closed_at = clock_timestamp()",
};

/** Keys are given up with the resolution; a reopened incident takes back those that no other open incident has taken meanwhile. */
async function moveKeys(tx: Queryable, incident: IncidentRow, state: IncidentState): Promise<void> {
  if (state === "resolved")
    await tx.query("UPDATE incident_keys SET open = false WHERE incident_id = $1 AND open", [incident.id]);
  if (state === "reopened")
    await tx.query(
      `UPDATE incident_keys k SET open = true WHERE k.incident_id = $1
          AND NOT EXISTS (SELECT 1 FROM incident_keys o WHERE o.dedupe_key = k.dedupe_key AND o.open)`,
      [incident.id],
    );
}

async function moveClocks(tx: Queryable, incident: IncidentRow, state: IncidentState): Promise<void> {
  if (state === "resolved") {
    await stopClock(tx, incident.id, "update");
    if (incident.severity === "P1" && !incident.drill) await startPostMortemClock(tx, incident.id);
  } else if (state === "closed") await stopClock(tx, incident.id, "post-mortem");
  else {
    if (state === "reopened") await stopClock(tx, incident.id, "post-mortem");
    await restartUpdateClock(tx, incident.id, incident.severity);
  }
}

/**
 * Moves the incident along its lifecycle, with a reason. Closing asks close-blockers first; the entry that says "closed" is the last
 * that its timeline takes.
 * @throws conflict when the state does not allow it (any more), precondition_failed with what stands against closing, not_found.
 */
export async function moveIncident({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof moveIncidentInput>;
}): Promise<{ readonly state: IncidentState }> {
  return actOnIncident(
    ctx,
    input.incidentId,
    async (tx, incident) => {
      const state = transition(incident.state, input.event);
      if (state === null)
        throw new DomainError(
          "conflict",
          `INC-${incident.number} is ${incident.state} now, where this cannot be done. Look at it again.`,
          {
            state: incident.state,
          },
        );
      if (state === "closed") {
        const blockers = await closeBlockers(tx, incident);
        if (blockers.length > 0) throw new DomainError("precondition_failed", blockers.join(" "));
      }
      await tx.query(`UPDATE incidents SET state = $2${timeOf[state] ?? ""} WHERE id = $1`, [incident.id, state]);
      await moveKeys(tx, incident, state);
      await moveClocks(tx, incident, state);
      if (state === "resolved" && !incident.drill)
        await queueNotice(tx, {
          key: `incident-resolved:${incident.id}:${incident.revision}`,
          kind: "incident-resolved",
          incidentId: incident.id,
          severity: incident.severity,
          sentence: `Resolved: ${incident.title}`,
          path: `/incidents/${incident.id}`,
        });
      const entry: OwnEntry = {
        kind: `incident.${state}`,
        summary: `${state[0]?.toUpperCase()}${state.slice(1)}: ${input.reason}`,
        details: { before: incident.state, after: state },
      };
      return { result: { state }, entries: [entry] };
    },
    { evenClosed: true },
  );
}
