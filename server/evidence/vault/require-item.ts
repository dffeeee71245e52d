import type { Actor } from "@/server/auth/roles";
import type { ItemState, Scope } from "@/server/evidence/vault/schemas";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

export type OpenItem = {
  readonly id: string;
  readonly incidentId: string | null;
  readonly state: ItemState;
  readonly scope: Scope;
};

/** An item that the viewer may see: of no incident, or of one that is open to them. @throws not_found */
export async function requireItem(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  itemId: string,
): Promise<OpenItem> {
  const [row] = await db.query<OpenItem>(
    `SELECT id, incident_id AS "incidentId", state, scope FROM evidence_items v WHERE id = $3 AND ${visibleByIncident("v.incident_id", 1)}`,
    [...viewerParams(actor), itemId],
  );
  if (row === undefined)
    throw new DomainError("not_found", "There is no such item in the vault, or it is not open to you.");
  return row;
}
