import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { brakeEntry } from "@/server/brakes/brake-entry";
import type { thawInput } from "@/server/brakes/schemas";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

/**
 * Orders a thaw: any responder may, whoever froze, also while the freeze is not proved yet. The worker puts the old values back.
 * Of any number of concurrent orders one counts. @throws not_found, conflict when it is thawing or thawed already.
 */
export async function thawZone({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof thawInput>;
}): Promise<{ readonly freezeId: string }> {
  return db.transaction(async (tx) => {
    const [freeze] = await tx.query<{ zone_name: string; incident_id: string | null; thawed_by_name: string | null }>(
      `SELECT f.zone_name, f.incident_id, f.thawed_by_name FROM zone_freezes f
        WHERE f.id = $3 AND ${visibleByIncident("f.incident_id", 1)} FOR UPDATE OF f`,
      [...viewerParams(actor), input.freezeId],
    );
    if (freeze === undefined) throw new DomainError("not_found", "There is no such freeze, or it is not open to you.");
    const rows = await tx.query(
      `UPDATE zone_freezes SET state = 'thawing', thawed_by_id = $2, thawed_by_name = $3, thaw_reason = $4, thaw_asked_at = clock_timestamp(),
              before = coalesce(before, '[]'), heartbeat_at = 'epoch', error = NULL
        WHERE id = $1 AND state IN ('freezing', 'frozen') RETURNING 1`,
      [input.freezeId, actor.id, actor.name, input.reason],
    );
    if (rows.length === 0)
      throw new DomainError(
        "conflict",
        `${freeze.thawed_by_name ?? "Somebody"} has asked for the thaw of zone ${freeze.zone_name} already.`,
      );
    await brakeEntry(tx, freeze.incident_id, {
      kind: "brake.thaw-ordered",
      by: actor,
      summary: `Thaw of zone ${freeze.zone_name} ordered: ${input.reason}`,
      details: { refs: { freeze: input.freezeId } },
    });
    return { freezeId: input.freezeId };
  });
}
