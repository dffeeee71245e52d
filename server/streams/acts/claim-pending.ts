import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { silentMs } from "@/server/caracal/streams/consumer-watch";
import { requireVisible } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { ActContext } from "@/server/streams/acts/act-row";
import { orderAct } from "@/server/streams/acts/order-act";
import { pendingNow } from "@/server/streams/acts/pending-now";
import { performAct } from "@/server/streams/acts/perform-act";
import type { ActAnswer, claimInput } from "@/server/streams/acts/schemas";
import { readConsumers } from "@/server/streams/list-consumers";

/**
 * Gives pending entries to a living consumer of the same group. Refused while any of them is younger than the least idle time (its
 * consumer may still be at work: both would apply it) or has lost its payload (claiming would delete its last trace).
 * @throws not_found, conflict (not pending any more), precondition_failed with why, source_unreachable
 */
export async function claimPending({
  ctx,
  input,
}: {
  ctx: ActContext & { readonly actor: Actor };
  input: z.output<typeof claimInput>;
}): Promise<ActAnswer> {
  const { stream, group, consumer, minIdleMs, ids } = input;
  const incidentId = input.incidentId ?? null;
  if (incidentId !== null) await requireVisible(ctx.db, ctx.actor, incidentId);
  const consumers = await readConsumers(ctx.caracal, stream, group);
  const target = consumers.find(({ name }) => name === consumer);
  if (target === undefined)
    throw new DomainError("precondition_failed", `${group} has no consumer called ${consumer}. Nothing was claimed.`);
  if (target.idleMs >= silentMs)
    throw new DomainError(
      "precondition_failed",
      `${consumer} has not asked for ${Math.floor(target.idleMs / 1_000)} s, or before Redis 7.2 was given nothing: it cannot be taken for alive, and entries claimed to a dead one only wait elsewhere. Choose one that asks.`,
    );
  const { pending, verdicts, before } = await pendingNow(ctx, { stream, group, ids });
  const young = pending.filter(({ idleMs }) => idleMs < minIdleMs);
  if (young.length > 0)
    throw new DomainError(
      "precondition_failed",
      `${young.length === 1 ? "One entry has" : `${young.length} entries have`} been with a consumer for less than ${minIdleMs / 1_000} s: it may still be at work, and both would apply the entry. Wait, or leave those out.`,
    );
  const gone = pending.filter(({ id }) => verdicts.get(id)?.kind === "gone");
  if (gone.length > 0)
    throw new DomainError(
      "precondition_failed",
      `The payload of ${gone.length === 1 ? "one entry" : `${gone.length} entries`} was trimmed: claiming would delete the last trace. Leave those out; they can only be acknowledged, by two people.`,
    );
  const act = await ctx.db.transaction((tx) =>
    orderAct(tx, ctx.actor, {
      kind: "claim",
      stream,
      group,
      consumer,
      minIdleMs,
      ids,
      before,
      incidentId,
      reason: input.reason,
    }),
  );
  return performAct(ctx, act);
}
