import type { z } from "zod";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import { isOver } from "@/server/incidents/incident.machine";
import { restartUpdateClock } from "@/server/incidents/running-clock";
import type { changeSeverityInput } from "@/server/incidents/schemas";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";

/** Changes how bad the incident is, with a reason. Raising it tells the tiers of the new severity. @throws conflict, not_found */
export async function changeSeverity({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof changeSeverityInput>;
}): Promise<{ readonly severity: string }> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    if (incident.severity === input.severity)
      throw new DomainError("conflict", `INC-${incident.number} is ${input.severity} already.`);
    await tx.query("UPDATE incidents SET severity = $2 WHERE id = $1", [incident.id, input.severity]);
    if (!isOver(incident.state)) await restartUpdateClock(tx, incident.id, input.severity);
    if (input.severity < incident.severity && !incident.drill)
      await queueNotice(tx, {
        key: `severity-raised:${incident.id}:${incident.revision}`,
        kind: "severity-raised",
        incidentId: incident.id,
        severity: input.severity,
        sentence: `Raised from ${incident.severity} to ${input.severity}: ${incident.title}`,
        path: `/incidents/${incident.id}`,
      });
    return {
      result: { severity: input.severity },
      entries: [
        {
          kind: "incident.severity-changed",
          summary: `${incident.severity} is now ${input.severity}: ${input.reason}`,
          details: { before: incident.severity, after: input.severity, parameters: { severity: input.severity } },
        },
      ],
    };
  });
}
