import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { type RestartRow, restartView } from "@/server/services/restarts/restart-rows";
import type { orderInput, RestartOrder } from "@/server/services/schemas";

/** The restarts that were ordered together, in their order, each with what came of it. @throws not_found */
export async function getRestartOrder({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Pick<Actor, "id" | "roles"> };
  input: z.output<typeof orderInput>;
}): Promise<RestartOrder> {
  const rows = await db.query<RestartRow>(
    `SELECT * FROM service_restarts WHERE order_id = $3 AND ${visibleByIncident("incident_id", 1)} ORDER BY place LIMIT 200`,
    [...viewerParams(actor), input.orderId],
  );
  const [first] = rows;
  if (first === undefined) throw new DomainError("not_found", "There is no such restart.");
  return {
    id: first.order_id,
    incidentId: first.incident_id,
    approvalId: first.approval_id,
    reason: first.reason,
    by: first.requested_by_name,
    at: first.requested_at.toISOString(),
    restarts: rows.map(restartView),
  };
}
