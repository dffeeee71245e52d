import { recordApprovalResult } from "@/server/approvals/record-result";
import { readEntriesById } from "@/server/caracal/streams/entries";
import {
  ackEntries,
  claimBackEntries,
  claimEntries,
  destroyConsumer,
  type EntryFate,
} from "@/server/caracal/streams/pending-acts";
import { messageOf } from "@/server/platform/errors";
import { forgetReads } from "@/server/platform/shared-read";
import type { ActContext, ActRow } from "@/server/streams/acts/act-row";
import { actEntry } from "@/server/streams/acts/order-act";
import { actWords } from "@/server/streams/acts/act-words";
import { type ActAnswer, type ActResult, leastIdleMs } from "@/server/streams/acts/schemas";
import { pendingVerdicts } from "@/server/streams/pending-verdicts";

/** What the act wants, done once more: each effect looks first and leaves what is so already, so that a crash costs nothing. */
async function effect(ctx: ActContext, act: ActRow): Promise<ActResult> {
  const { redis } = ctx.caracal;
  const where = { stream: act.stream, group: act.group_name };
  const consumer = act.consumer ?? "";
  switch (act.kind) {
    case "claim":
      return {
        fates: await claimEntries(redis, where, { consumer, minIdleMs: Number(act.min_idle_ms), ids: act.ids }),
      };
    case "claim-back": {
      const [claim] = await ctx.db.query<{ consumer: string }>("SELECT consumer FROM stream_acts WHERE id = $1", [
        act.undoes,
      ]);
      const owners = new Map(act.ids.flatMap((id) => (act.before[id] ? [[id, act.before[id].consumer]] : [])));
      return { fates: await claimBackEntries(redis, where, { from: claim?.consumer ?? "", owners }) };
    }
    case "ack":
      return { fates: act.approval_id === null ? await ackProved(ctx, act) : await ackEntries(redis, where, act.ids) };
    case "destroy-consumer":
      return {
        consumer: await destroyConsumer(redis, where, { consumer, silentMs: Number(act.min_idle_ms ?? leastIdleMs) }),
      };
  }
}

/** Without a second person only what is proved at this very moment is acknowledged; the rest stays pending. */
async function ackProved(ctx: ActContext, act: ActRow): Promise<Record<string, EntryFate>> {
  const { redis } = ctx.caracal;
  const where = { stream: act.stream, group: act.group_name };
  const entries = await readEntriesById(redis, act.stream, act.ids);
  const verdicts = await pendingVerdicts(
    ctx,
    where,
    act.ids.map((id) => ({ id })),
    entries,
  );
  const proved = act.ids.filter((id) => verdicts.get(id)?.proved === true);
  const left = act.ids.filter((id) => !proved.includes(id)).map((id) => [id, "not-proved"] as const);
  return { ...Object.fromEntries(left), ...(await ackEntries(redis, where, proved)) };
}

/**
 * Carries an ordered act out and puts on record what became of it; whoever does it again changes nothing. Never throws for Redis or
 * Postgres being away: it is written down, and the worker comes again.
 */
export async function performAct(ctx: ActContext, act: ActRow): Promise<ActAnswer> {
  let result: ActResult;
  try {
    result = await effect(ctx, act);
  } catch (error) {
    const why = messageOf(error).slice(0, 500);
    await ctx.db.query("UPDATE stream_acts SET error = $2 WHERE id = $1 AND state = 'ordered'", [act.id, why]);
    return { actId: act.id, done: false, sentence: `On record, and tried again until it is done: ${why}` };
  }
  forgetReads(ctx.caracal.redis);
  const sentence = actWords({ ...act, result }).ended ?? "";
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE stream_acts SET state = 'done', result = $2, done_at = clock_timestamp(), error = NULL
        WHERE id = $1 AND state = 'ordered' RETURNING 1`,
      [act.id, JSON.stringify(result)],
    );
    if (rows.length === 0) return; // another replica has recorded it
    if (act.approval_id !== null) await recordApprovalResult(tx, act.approval_id, `Executed: ${sentence}`, []);
    await actEntry(tx, act, null, "done", `${act.group_name} in ${act.stream}: ${sentence}`, { after: result });
  });
  return { actId: act.id, done: true, sentence };
}
