import type { z } from "zod";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import { isOver } from "@/server/incidents/incident.machine";
import { mentionedNames } from "@/server/incidents/mentions";
import { restartUpdateClock } from "@/server/incidents/running-clock";
import type { ackIncidentInput, noteInput, PersonRef, pinInput } from "@/server/incidents/schemas";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";

/**
 * Writes a note. An update meets the update clock and starts it anew. Whoever is mentioned (@user-name) is told, unless the incident is
 * restricted and not theirs to see. Gives those who were mentioned.
 */
export async function addNote({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof noteInput>;
}): Promise<{ readonly mentioned: readonly PersonRef[] }> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const mentioned = await tx.query<{ id: string; name: string }>(
      `SELECT p.id, p.display_name AS name FROM people p
        WHERE p.username = ANY ($2) AND p.active
          AND (NOT $3 OR held_roles(p) && ARRAY['security', 'admin'] OR EXISTS (
            SELECT 1 FROM incident_members m WHERE m.incident_id = $1 AND m.person_id = p.id AND m.active))
        ORDER BY p.display_name LIMIT 20`,
      [incident.id, mentionedNames(input.text), incident.restricted],
    );
    if (input.isUpdate && !isOver(incident.state)) await restartUpdateClock(tx, incident.id, incident.severity);
    if (mentioned.length > 0)
      await queueNotice(tx, {
        key: `mention:${incident.id}:${incident.revision}`,
        kind: "mention",
        incidentId: incident.id,
        severity: incident.severity,
        people: mentioned.map(({ id }) => id),
        sentence: `${ctx.actor.name} mentioned ${mentioned.map(({ name }) => name).join(", ")} in INC-${incident.number}`,
        path: `/incidents/${incident.id}`,
      });
    return {
      result: { mentioned },
      entries: [
        {
          kind: input.isUpdate ? "note.update" : "note.added",
          summary: input.text,
          ...(mentioned.length === 0 ? {} : { details: { mentions: mentioned } }),
        },
      ],
    };
  });
}

/** Pins an entry to the top of the timeline, or takes the pin off. @throws not_found for an entry that is not there, conflict */
export async function pinEntry({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof pinInput>;
}): Promise<{ readonly pinned: boolean }> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const rows = await tx.query(
      `INSERT INTO incident_pins AS p (incident_id, seq, pinned)
       SELECT chain, seq, $3 FROM timeline_entries WHERE chain = $1 AND seq = $2
       ON CONFLICT (incident_id, seq) DO UPDATE SET pinned = $3 WHERE p.pinned <> $3 RETURNING 1`,
      [incident.id, input.seq, input.pinned],
    );
    if (rows.length === 0) {
      const known = await tx.query("SELECT 1 FROM timeline_entries WHERE chain = $1 AND seq = $2", [
        incident.id,
        input.seq,
      ]);
      if (known.length === 0) throw new DomainError("not_found", `This timeline has no entry ${input.seq}.`);
      throw new DomainError("conflict", `Entry ${input.seq} is ${input.pinned ? "pinned" : "not pinned"} already.`);
    }
    return {
      result: { pinned: input.pinned },
      entries: [
        {
          kind: input.pinned ? "incident.pinned" : "incident.unpinned",
          summary: `Entry ${input.seq} ${input.pinned ? "pinned" : "no longer pinned"}`,
          details: { refs: { seq: input.seq } },
        },
      ],
    };
  });
}

/** Says that somebody is on it: what waits to be escalated further stays unsent. Once. @throws conflict, not_found */
export async function acknowledgeIncident({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof ackIncidentInput>;
}): Promise<{ readonly acknowledged: true }> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const rows = await tx.query(
      "UPDATE incidents SET acknowledged_at = clock_timestamp() WHERE id = $1 AND acknowledged_at IS NULL RETURNING 1",
      [incident.id],
    );
    if (rows.length === 0) throw new DomainError("conflict", `INC-${incident.number} has been acknowledged already.`);
    return {
      result: { acknowledged: true as const },
      entries: [
        {
          kind: "incident.acknowledged",
          summary: `Acknowledged by ${ctx.actor.name}${input.comment === "" ? "" : `: ${input.comment}`}`,
        },
      ],
    };
  });
}
