import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { findZone } from "@/server/caracal/revocation/subject-sessions";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import type { linkInput } from "@/server/incidents/schemas";
import { DomainError } from "@/server/platform/errors";

type Context = IncidentContext & { readonly caracal: Deployment };
type Input = z.output<typeof linkInput>;

/** What the link is called: a zone's name as Caracal has it now (its id while Caracal does not answer), a service replica's id. */
async function labelOf({ caracal }: Context, { kind, ref }: Input): Promise<string> {
  if (kind === "service") {
    if (caracal.replicas.some((replica) => replica.id === ref)) return ref;
    throw new DomainError("bad_input", `No replica ${ref} is configured here.`);
  }
  try {
    const zone = await findZone(caracal.db, ref);
    if (zone === null) throw new DomainError("bad_input", "No such zone in this deployment.");
    return zone.name;
  } catch (error) {
    if (error instanceof DomainError && error.code === "source_unreachable") return ref;
    throw error;
  }
}

/** Says that the incident is about a zone or a service replica. @throws bad_input, conflict, not_found */
export async function addLink({ ctx, input }: { ctx: Context; input: Input }): Promise<{ readonly label: string }> {
  const label = await labelOf(ctx, input);
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const rows = await tx.query(
      `INSERT INTO incident_links AS l (incident_id, kind, ref, label) VALUES ($1, $2, $3, $4)
       ON CONFLICT (incident_id, kind, ref) DO UPDATE SET active = true, label = $4 WHERE NOT l.active RETURNING 1`,
      [incident.id, input.kind, input.ref, label],
    );
    if (rows.length === 0) throw new DomainError("conflict", `${label} is attached already.`);
    return {
      result: { label },
      entries: [
        {
          kind: "incident.linked",
          summary: `About ${input.kind} ${label}`,
          details: { parameters: { kind: input.kind, ref: input.ref } },
        },
      ],
    };
  });
}

/** Takes a zone or service off the incident. @throws conflict, not_found */
export async function removeLink({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: Input;
}): Promise<{ readonly label: string }> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const [row] = await tx.query<{ label: string }>(
      "UPDATE incident_links SET active = false WHERE incident_id = $1 AND kind = $2 AND ref = $3 AND active RETURNING label",
      [incident.id, input.kind, input.ref],
    );
    if (row === undefined) throw new DomainError("conflict", "This is not attached to the incident.");
    return {
      result: row,
      entries: [
        {
          kind: "incident.unlinked",
          summary: `Not about ${input.kind} ${row.label} after all`,
          details: { parameters: { kind: input.kind, ref: input.ref } },
        },
      ],
    };
  });
}
