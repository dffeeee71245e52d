import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { silentMs } from "@/server/caracal/streams/consumer-watch";
import { requireVisible } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { ActContext } from "@/server/streams/acts/act-row";
import { orderAct } from "@/server/streams/acts/order-act";
import { performAct } from "@/server/streams/acts/perform-act";
import type { ActAnswer, destroyInput } from "@/server/streams/acts/schemas";
import { readConsumers } from "@/server/streams/list-consumers";

/**
 * Removes a consumer's name that a restart left behind. Only while it holds nothing and has been silent for a minute, both looked at
 * again in the same step as the removal: what it holds would be lost with it. @throws not_found, precondition_failed, source_unreachable
 */
export async function destroyStaleConsumer({
  ctx,
  input,
}: {
  ctx: ActContext & { readonly actor: Actor };
  input: z.output<typeof destroyInput>;
}): Promise<ActAnswer> {
  const { stream, group, consumer } = input;
  const incidentId = input.incidentId ?? null;
  if (incidentId !== null) await requireVisible(ctx.db, ctx.actor, incidentId);
  const consumers = await readConsumers(ctx.caracal, stream, group);
  const found = consumers.find(({ name }) => name === consumer);
  if (found === undefined) throw new DomainError("not_found", `${group} has no consumer called ${consumer}.`);
  if (found.pending > 0)
    throw new DomainError(
      "precondition_failed",
      `${consumer} holds ${found.pending} pending ${found.pending === 1 ? "entry" : "entries"}, which would be lost with it. Claim or acknowledge them first.`,
    );
  if (found.idleMs < silentMs)
    throw new DomainError(
      "precondition_failed",
      `${consumer} asked ${Math.floor(found.idleMs / 1_000)} s ago, so it is alive. Only a name that has been silent for a minute is removed.`,
    );
  const act = await ctx.db.transaction((tx) =>
    orderAct(tx, ctx.actor, {
      kind: "destroy-consumer",
      stream,
      group,
      consumer,
      minIdleMs: silentMs,
      ids: [],
      before: {},
      incidentId,
      reason: input.reason,
    }),
  );
  return performAct(ctx, act);
}
