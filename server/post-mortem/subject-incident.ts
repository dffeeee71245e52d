import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** The incident that a post-mortem is about, as far as the post-mortem needs it. */
export type SubjectIncident = {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  readonly state: string;
  readonly restricted: boolean;
  readonly drill: boolean;
  readonly merged: boolean;
  readonly began_at: Date;
  readonly declared_at: Date;
  readonly contained_at: Date | null;
  readonly recovered_at: Date | null;
  readonly resolved_at: Date | null;
};

/** The incident, if the viewer may see it. With `lock` its row is held against changes until the transaction ends. @throws not_found */
export async function subjectIncident(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  incidentId: string,
  lock = false,
): Promise<SubjectIncident> {
  const [row] = await db.query<SubjectIncident>(
    `SELECT i.id, i.number::int AS number, i.title, i.severity, i.state, i.restricted, i.drill, i.merged_into IS NOT NULL AS merged,
            i.began_at, i.declared_at, i.contained_at, i.recovered_at, i.resolved_at
       FROM incidents i WHERE i.id = $3 AND ${visibleTo("i", 1)}${lock ? " FOR SHARE OF i" : ""}`,
    [...viewerParams(actor), incidentId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such incident, or it is not open to you.");
  return row;
}
