import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { requireVisible } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { ActContext } from "@/server/streams/acts/act-row";
import { orderAct } from "@/server/streams/acts/order-act";
import { pendingNow } from "@/server/streams/acts/pending-now";
import { performAct } from "@/server/streams/acts/perform-act";
import type { ackProvedInput, ActAnswer } from "@/server/streams/acts/schemas";

/**
 * Acknowledges pending entries whose effect Postgres proves: recorded, or revoked. One person may; the proof is asked for again when it
 * is done. @throws not_found, conflict, precondition_failed when any of them is not proved: that takes two people, source_unreachable
 */
export async function ackProved({
  ctx,
  input,
}: {
  ctx: ActContext & { readonly actor: Actor };
  input: z.output<typeof ackProvedInput>;
}): Promise<ActAnswer> {
  const { stream, group, ids } = input;
  const incidentId = input.incidentId ?? null;
  if (incidentId !== null) await requireVisible(ctx.db, ctx.actor, incidentId);
  const { verdicts, before } = await pendingNow(ctx, { stream, group, ids });
  const open = ids.filter((id) => verdicts.get(id)?.proved !== true);
  if (open.length > 0)
    throw new DomainError(
      "precondition_failed",
      `${open.length === 1 ? "One entry is" : `${open.length} entries are`} not proved to have had their effect, ${open[0]} first. Acknowledging them would drop them: that takes two people.`,
    );
  const act = await ctx.db.transaction((tx) =>
    orderAct(tx, ctx.actor, { kind: "ack", stream, group, ids, before, incidentId, reason: input.reason }),
  );
  return performAct(ctx, act);
}
