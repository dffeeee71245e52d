import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import type { RequeueRow } from "@/server/outbox/requeue-rows";
import type { outboxInput, RequeueView } from "@/server/outbox/schemas";
import type { Database } from "@/server/platform/postgres";

/** The newest 25 requeues of an outbox that the viewer may see. */
export async function listRequeues({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof outboxInput>;
}): Promise<readonly RequeueView[]> {
  const rows = await db.query<RequeueRow>(
    `SELECT * FROM outbox_requeues r WHERE r.outbox = $3 AND ${visibleByIncident("r.incident_id", 1)}
      ORDER BY r.ordered_at DESC, r.id DESC LIMIT 25`,
    [...viewerParams(actor), input.outbox],
  );
  return rows.map((row) => ({
    id: row.id,
    outbox: row.outbox,
    rows: row.ids.length,
    state: row.state,
    result: row.result,
    by: row.by_name,
    reason: row.reason,
    orderedAt: row.ordered_at.toISOString(),
    approvalId: row.approval_id,
    error: row.error,
  }));
}
