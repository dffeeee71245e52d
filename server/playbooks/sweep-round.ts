import { type LeasedResult, publishLeased, settleRows } from "@/server/caracal/revocation/dispatch";
import { batchCeiling, type BatchTarget, findOutcomes, revokeBatch } from "@/server/caracal/revocation/revoke-batch";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import type { RoundContext } from "@/server/playbooks/round-context";
import { outboxIdsOf, plannedTargets, recordOutcomes, recordRevoked } from "@/server/playbooks/round-targets";
import type { RoundRow } from "@/server/playbooks/run-rows";

type Work = { readonly ctx: RoundContext; readonly round: RoundRow; readonly reason: string };
export type SayWaiting = (reason: string | null) => Promise<void>;

const publishable = (reason: string) => (target: BatchTarget) => ({
  id: target.outboxId,
  stream: revocationStream,
  fields: { zone_id: target.zoneId, session_id: target.sid, reason, console_ref: target.outboxId },
});

/** Rows that the batch did not flip: ours from before a crash, which it gives, somebody else's, expired or gone. */
async function recordUnflipped({ ctx, round }: Work, targets: readonly BatchTarget[]): Promise<BatchTarget[]> {
  if (targets.length === 0) return [];
  const found = await findOutcomes(ctx.caracal.db, targets);
  const sids = (wanted: (row: (typeof found)[number]) => boolean) => found.filter(wanted).map((row) => row.sid);
  const ours = new Set(sids((row) => row.ours));
  const fromBefore = targets.filter((target) => ours.has(target.sid));
  await recordRevoked(ctx.db, round.run_id, round.round, fromBefore, new Map());
  await recordOutcomes(
    ctx.db,
    round.run_id,
    "already-revoked",
    sids((row) => !row.ours && row.status === "revoked"),
  );
  await recordOutcomes(
    ctx.db,
    round.run_id,
    "expired",
    sids((row) => !row.ours && row.status !== "revoked" && row.status !== "active"),
  );
  return fromBefore;
}

/**
 * Carries out one sweep: batch after batch in Caracal's Postgres, each published as soon as it is committed while the next one
 * is being written. Postgres does not wait for Redis: the rows are what stops minting. Whatever this call has not marked
 * dispatched by then, or a killed one left behind, is settled afterwards. Safe to call again at any point.
 * @throws source_unreachable when a database or Redis does not answer; nothing is lost, the next call goes on.
 */
export async function sweepRound(work: Work, sayWaiting: SayWaiting): Promise<void> {
  const { ctx, round, reason } = work;
  const { run_id: runId } = round;
  const leaseHolder = round.lane === "fast" ? ctx.dispatcher.holder : null;
  const planned = await plannedTargets(ctx.db, runId, round.round);
  // read after the plan: a target that another replica records meanwhile is in one of the two
  const unsettled = await outboxIdsOf(ctx.db, runId, round.round);
  const recordings: Promise<unknown>[] = [];
  let turn: Promise<unknown> = Promise.resolve(); // batches are published in order
  let redisFailed = false;

  for (let from = 0; from < planned.length; from += batchCeiling) {
    const batch = planned.slice(from, from + batchCeiling);
    const { flipped } = await revokeBatch(ctx.caracal.db, batch, {
      reason,
      leaseHolder,
      leaseSeconds: ctx.dispatcher.leaseSeconds,
    });
    const ours = new Set(flipped);
    const mine = batch.filter((target) => ours.has(target.sid));
    const others = batch.filter((target) => !ours.has(target.sid));
    const handed = turn.then(() => handOver(work, mine, leaseHolder !== null && !redisFailed));
    const recording = Promise.all([handed.then(({ recorded }) => recorded), recordUnflipped(work, others)]).then(
      ([dispatched, fromBefore]) => {
        for (const { outboxId } of dispatched ? fromBefore : [...mine, ...fromBefore]) unsettled.push(outboxId);
      },
    );
    turn = handed.then(({ error }) => {
      if (error !== null) redisFailed = true;
    });
    for (const awaitedLater of [turn, recording]) awaitedLater.catch(() => undefined);
    recordings.push(recording);
    await recordings.at(-3); // Postgres runs at most two batches ahead of what is published and recorded
  }
  await Promise.all([turn, ...recordings]);
  if (leaseHolder !== null) await settlePublications(ctx, round, unsettled, sayWaiting);
}

/** Publishes what a batch wrote, when it may; `recorded` resolves once each target is recorded, its publication made or owed. */
async function handOver(
  { ctx, round, reason }: Work,
  mine: readonly BatchTarget[],
  publishes: boolean,
): Promise<LeasedResult> {
  const record = (targets: readonly BatchTarget[], streamIds: ReadonlyMap<string, string>) =>
    recordRevoked(ctx.db, round.run_id, round.round, targets, streamIds);
  if (!publishes) return { error: null, recorded: record(mine, new Map()).then(() => mine.length === 0) };
  const made = new Set<string>();
  const onPublished = (streamIds: ReadonlyMap<string, string>) => {
    for (const id of streamIds.keys()) made.add(id);
    return record(
      mine.filter((target) => made.has(target.outboxId)),
      streamIds,
    );
  };
  const lane = { caracal: ctx.caracal, dispatcher: ctx.dispatcher, onPublished };
  const { error, recorded } = await publishLeased(lane, mine.map(publishable(reason)));
  const owed = mine.filter((target) => !made.has(target.outboxId));
  return { error, recorded: Promise.all([recorded, record(owed, new Map())]).then(([all]) => all) };
}

/** Settles the given rows of a round and records the stream id of each one that we publish. */
export async function settlePublications(
  ctx: RoundContext,
  round: RoundRow,
  ids: readonly string[],
  sayWaiting: SayWaiting,
): Promise<void> {
  const onPublished = async (published: ReadonlyMap<string, string>) => {
    await ctx.db.query(
      `UPDATE playbook_publications p SET stream_id = t.stream_id FROM unnest($2::text[], $3::text[]) AS t (outbox_id, stream_id)
        WHERE p.run_id = $1 AND p.outbox_id = t.outbox_id AND p.stream_id IS NULL`,
      [round.run_id, [...published.keys()], [...published.values()]],
    );
  };
  await settleRows({ caracal: ctx.caracal, dispatcher: ctx.dispatcher, onPublished }, ids, sayWaiting);
}
