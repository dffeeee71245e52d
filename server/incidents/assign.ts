import type { z } from "zod";
import { actOnIncident, type IncidentContext } from "@/server/incidents/act-on-incident";
import { activePerson, addResponder } from "@/server/incidents/people";
import type { memberInput, restrictInput, setRoleInput } from "@/server/incidents/schemas";
import { DomainError } from "@/server/platform/errors";

const done = { done: true } as const;
type Done = typeof done;

/** Hands a role over, or takes it from whoever holds it (`personId` null). The one before keeps their time of holding it. @throws bad_input, conflict, not_found */
export async function setRole({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof setRoleInput>;
}): Promise<Done> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const next = input.personId === null ? null : await activePerson(tx, input.personId);
    const [before] = await tx.query<{ person_id: string; name: string }>(
      `UPDATE incident_roles r SET until = clock_timestamp() FROM people p
        WHERE p.id = r.person_id AND r.incident_id = $1 AND r.role = $2 AND r.until IS NULL AND r.person_id IS DISTINCT FROM $3
        RETURNING r.person_id, p.display_name AS name`,
      [incident.id, input.role, next?.id ?? null],
    );
    const taken =
      next === null
        ? []
        : await tx.query(
            "INSERT INTO incident_roles (incident_id, role, person_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1",
            [incident.id, input.role, next.id],
          );
    if (before === undefined && taken.length === 0)
      throw new DomainError(
        "conflict",
        next === null ? `Nobody holds the role ${input.role}.` : `${next.name} holds this role already.`,
      );
    if (next !== null) await addResponder(tx, incident.id, next.id);
    const from = before === undefined ? "" : ` from ${before.name}`;
    const roleName = `${input.role[0]?.toUpperCase()}${input.role.slice(1)}`;
    return {
      result: done,
      entries: [
        {
          kind: "incident.role-changed",
          summary:
            next === null
              ? `${roleName} given up by ${before?.name}`
              : `${roleName} is ${next.name} now${from === "" ? "" : `, taken over${from}`}`,
          details: { parameters: { role: input.role }, before: before?.person_id ?? null, after: next?.id ?? null },
        },
      ],
    };
  });
}

/** Adds a responder to the incident. @throws bad_input, conflict, not_found */
export async function addMember({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof memberInput>;
}): Promise<Done> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const person = await activePerson(tx, input.personId);
    if (!(await addResponder(tx, incident.id, person.id)))
      throw new DomainError("conflict", `${person.name} is a responder of this incident already.`);
    return {
      result: done,
      entries: [
        { kind: "incident.member-added", summary: `${person.name} is a responder now`, details: { after: person.id } },
      ],
    };
  });
}

/** Takes a responder off the incident; who holds one of its roles gives it up first. @throws conflict, not_found */
export async function removeMember({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof memberInput>;
}): Promise<Done> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    const held = await tx.query<{ role: string }>(
      "SELECT role FROM incident_roles WHERE incident_id = $1 AND person_id = $2 AND until IS NULL",
      [incident.id, input.personId],
    );
    if (held.length > 0)
      throw new DomainError("conflict", `They are ${held[0]?.role} of this incident: hand that over first.`);
    const [gone] = await tx.query<{ name: string }>(
      `UPDATE incident_members m SET active = false FROM people p
        WHERE p.id = m.person_id AND m.incident_id = $1 AND m.person_id = $2 AND m.active RETURNING p.display_name AS name`,
      [incident.id, input.personId],
    );
    if (gone === undefined) throw new DomainError("conflict", "They are not a responder of this incident.");
    return {
      result: done,
      entries: [
        {
          kind: "incident.member-removed",
          summary: `${gone.name} is no responder any more`,
          details: { before: input.personId },
        },
      ],
    };
  });
}

/** Restricts the incident to its responders, security and admin, or opens it to everybody again. Who does it stays a responder. */
export async function restrictIncident({
  ctx,
  input,
}: {
  ctx: IncidentContext;
  input: z.output<typeof restrictInput>;
}): Promise<Done> {
  return actOnIncident(ctx, input.incidentId, async (tx, incident) => {
    if (incident.restricted === input.restricted)
      throw new DomainError(
        "conflict",
        `INC-${incident.number} is ${input.restricted ? "restricted" : "open to everybody"} already.`,
      );
    await tx.query("UPDATE incidents SET restricted = $2 WHERE id = $1", [incident.id, input.restricted]);
    await addResponder(tx, incident.id, ctx.actor.id);
    return {
      result: done,
      entries: [
        {
          kind: input.restricted ? "incident.restricted" : "incident.unrestricted",
          summary: `${input.restricted ? "Restricted to responders, security and admin" : "Open to everybody again"}: ${input.reason}`,
          details: { before: incident.restricted, after: input.restricted },
        },
      ],
    };
  });
}
