import type { Actor } from "@/server/auth/roles";
import type { IncidentState } from "@/server/incidents/schemas";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

export type IncidentRow = {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly restricted: boolean;
  readonly drill: boolean;
  readonly origin: string;
  readonly merged_into: string | null;
  readonly merged_number: number | null;
  readonly revision: number;
  readonly declared_by_id: string | null;
  readonly declared_by_name: string;
  readonly began_at: Date;
  readonly declared_at: Date;
  readonly acknowledged_at: Date | null;
  readonly contained_at: Date | null;
  readonly recovered_at: Date | null;
  readonly resolved_at: Date | null;
  readonly closed_at: Date | null;
  readonly updated_at: Date;
};

/** What people call the incident that this one was merged into; one that the viewer may not see is not named. */
export const mergedWords = ({ merged_number: number }: Pick<IncidentRow, "merged_number">): string =>
  number === null ? "an incident that is not open to you" : `INC-${number}`;

/** The columns of IncidentRow, from `incidents i`, for the viewer whose `viewerParams` stand at $1 and $2. */
export const incidentColumns = `i.id, i.number::int AS number, i.title, i.severity, i.state, i.restricted, i.drill, i.origin,
  i.merged_into, (SELECT t.number::int FROM incidents t WHERE t.id = i.merged_into AND ${visibleTo("t", 1)}) AS merged_number, i.revision,
  i.declared_by_id, i.declared_by_name, i.began_at, i.declared_at, i.acknowledged_at, i.contained_at, i.recovered_at,
  i.resolved_at, i.closed_at, i.updated_at`;

/** One incident that the viewer may see; with `lock` its row is held until the transaction ends. @throws not_found */
export async function loadIncident(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  incidentId: string,
  lock = false,
): Promise<IncidentRow> {
  const [row] = await db.query<IncidentRow>(
    `SELECT ${incidentColumns} FROM incidents i WHERE i.id = $3 AND ${visibleTo("i", 1)}${lock ? " FOR UPDATE OF i" : ""}`,
    [...viewerParams(actor), incidentId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such incident, or it is not open to you.");
  return row;
}
