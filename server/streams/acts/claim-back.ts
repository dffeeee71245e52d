import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { isUniqueViolation } from "@/server/platform/postgres";
import type { ActContext, ActRow } from "@/server/streams/acts/act-row";
import { orderAct } from "@/server/streams/acts/order-act";
import { performAct } from "@/server/streams/acts/perform-act";
import type { ActAnswer, claimBackInput } from "@/server/streams/acts/schemas";

/** The entries of a claim that were moved by it, for those who may take it back. */
export const movedBy = (act: Pick<ActRow, "result">): string[] =>
  act.result !== null && "fates" in act.result
    ? Object.entries(act.result.fates).flatMap(([id, fate]) => (fate === "claimed" ? [id] : []))
    : [];

/**
 * Takes a claim back: what it moved and its consumer still holds goes back to whom it was claimed from, each with its delivery count.
 * Once per claim. @throws not_found, conflict when it was taken back already, precondition_failed when it moved nothing
 */
export async function claimBack({
  ctx,
  input,
}: {
  ctx: ActContext & { readonly actor: Actor };
  input: z.output<typeof claimBackInput>;
}): Promise<ActAnswer> {
  const [claim] = await ctx.db.query<ActRow>(
    `SELECT * FROM stream_acts a WHERE a.id = $3 AND a.kind = 'claim' AND ${visibleByIncident("a.incident_id", 1)}`,
    [...viewerParams(ctx.actor), input.actId],
  );
  if (claim === undefined) throw new DomainError("not_found", "There is no such claim, or it is not open to you.");
  const ids = movedBy(claim);
  if (ids.length === 0) throw new DomainError("precondition_failed", "This claim has moved nothing.");
  try {
    const act = await ctx.db.transaction((tx) =>
      orderAct(tx, ctx.actor, {
        kind: "claim-back",
        stream: claim.stream,
        group: claim.group_name,
        ids,
        before: claim.before,
        undoes: claim.id,
        incidentId: claim.incident_id,
        reason: input.reason,
      }),
    );
    return await performAct(ctx, act);
  } catch (error) {
    if (isUniqueViolation(error)) throw new DomainError("conflict", "This claim was taken back already.");
    throw error;
  }
}
