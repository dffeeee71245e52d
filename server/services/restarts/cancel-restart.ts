import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { endRestart } from "@/server/services/restarts/end-restart";
import { requireVisibleRestart, type RestartRow } from "@/server/services/restarts/restart-rows";
import type { cancelRestartInput } from "@/server/services/schemas";

/**
 * Gives up a restart that was not begun: one that waits for its turn, or for a person who never did it by hand. What was begun is watched
 * to its end. Those after it in the order are given up too.
 * @throws not_found, conflict when it was begun, confirmed or is over
 */
export async function cancelRestart({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof cancelRestartInput>;
}): Promise<void> {
  await requireVisibleRestart(db, actor, input.restartId);
  await db.transaction(async (tx) => {
    const [ended] = await tx.query<RestartRow>(
      `UPDATE service_restarts SET state = 'cancelled', finished_at = clock_timestamp(), holder = NULL, note = $2
        WHERE id = $1 AND state IN ('ordered', 'by-hand') RETURNING *`,
      [input.restartId, `${actor.name} cancelled it.`], // the reason is for those who see its record
    );
    if (ended === undefined)
      throw new DomainError("conflict", "This restart was begun, confirmed or ended meanwhile: nothing to cancel.");
    await endRestart(tx, ended, { actor, why: input.reason });
  });
}
