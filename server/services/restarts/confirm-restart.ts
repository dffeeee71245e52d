import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import { visibleByIncident, viewerParams } from "@/server/incidents/visible-to";
import type { RestartContext } from "@/server/services/restarts/order-restart";
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
  const [row] = await db.query<{ incident_id: string | null }>(
    `SELECT incident_id FROM service_restarts WHERE id = $3 AND ${visibleByIncident("incident_id", 1)}`,
    [...viewerParams(actor), input.restartId],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such restart.");
  await db.transaction(async (tx) => {
    const rows = await tx.query<{ replicas: string[] }>(
      `UPDATE service_restarts SET state = 'watching', by_hand = $2, started_at = requested_at, answered_at = clock_timestamp()
        WHERE id = $1 AND state = 'by-hand' RETURNING replicas`,
      [input.restartId, `${actor.name}: ${input.how}`],
    );
    const [done] = rows;
    if (done === undefined) throw new DomainError("conflict", "This restart is not waiting for a word of yours.");
    await appendAnyway(tx, [
      {
        chain: row.incident_id ?? consoleChain,
        kind: "playbook.restart-by-hand",
        by: actor,
        summary: `${actor.name} says that ${done.replicas.join(", ")} was restarted by hand: ${input.how}`,
        details: { refs: { restart: input.restartId } },
      },
    ]);
  });
}
