import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** The two parameters that `visibleTo` needs, in order: may the viewer see every incident, and who they are. */
export const viewerParams = (actor: Pick<Actor, "id" | "roles">): readonly [boolean, string] => [
  actor.roles.some((role) => role === "security" || role === "admin"),
  actor.id,
];

/**
 * SQL condition: the incident `alias` may be seen by the viewer whose `viewerParams` stand at $first and $first + 1. A
 * restricted incident is for its responders, security and admin; every list, count, search, export and live event asks this.
 */
export const visibleTo = (alias: string, first: number): string =>
  `(NOT ${alias}.restricted OR $${first}::boolean OR EXISTS (
     SELECT 1 FROM incident_members m WHERE m.incident_id = ${alias}.id AND m.person_id = $${first + 1}::uuid AND m.active))`;

/** For rows that may belong to an incident: visible when they belong to none, or to one that the viewer may see. */
export const visibleByIncident = (incidentColumn: string, first: number): string =>
  `(${incidentColumn} IS NULL OR EXISTS (
     SELECT 1 FROM incidents i WHERE i.id = ${incidentColumn} AND ${visibleTo("i", first)}))`;

/** Refuses as if it were not there when the viewer may not see the incident. @throws not_found */
export async function requireVisible(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  incidentId: string,
): Promise<void> {
  const rows = await db.query(`SELECT 1 FROM incidents i WHERE i.id = $3 AND ${visibleTo("i", 1)}`, [
    ...viewerParams(actor),
    incidentId,
  ]);
  if (rows.length === 0) throw new DomainError("not_found", "There is no such incident, or it is not open to you.");
}
