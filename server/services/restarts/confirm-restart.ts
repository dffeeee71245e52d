import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { RestartContext } from "@/server/services/restarts/order-restart";
import { requireVisibleRestart, type RestartRow } from "@/server/services/restarts/restart-rows";
import type { confirmRestartInput } from "@/server/services/schemas";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

/**
 * Says that a restart was done by hand, by whom and how that is known. From then on probes are asked; the word of a person proves nothing.
 * @throws not_found, conflict when it is not waiting for one
 */
export async function confirmRestart({
  ctx: { db, actor },
  input,
}: {
  ctx: Pick<RestartContext, "db"> & { readonly actor: Actor };
  input: z.output<typeof confirmRestartInput>;
}): Promise<void> {
  await requireVisibleRestart(db, actor, input.restartId);
  await db.transaction(async (tx) => {
    const [done] = await tx.query<RestartRow>(
      `UPDATE service_restarts SET state = 'watching', by_hand = $2, started_at = requested_at, answered_at = clock_timestamp()
        WHERE id = $1 AND state = 'by-hand' RETURNING *`,
      [input.restartId, `${actor.name}: ${input.how}`],
    );
    if (done === undefined) throw new DomainError("conflict", "This restart is not waiting for a word of yours.");
    await appendAnyway(tx, [
      {
        chain: done.incident_id ?? consoleChain,
        kind: "playbook.restart-by-hand",
        by: actor,
        summary: `${actor.name} says that ${done.replicas.join(", ")} was restarted by hand: ${input.how}`,
        details: { refs: { restart: input.restartId } },
      },
    ]);
  });
}
