import { readRevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { alwaysRequiredGroups, revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { batchCeiling, type BatchTarget, writeRepublication } from "@/server/caracal/revocation/revoke-batch";
import { compareStreamIds } from "@/server/caracal/revocation/stream-ids";
import { undispatched } from "@/server/caracal/revocation/outbox-rows";
import { observeRun } from "@/server/playbooks/observe-run";
import { nextInSeries, type SeriesStep } from "@/server/playbooks/revoke-session/publish-series";
import type { RoundContext } from "@/server/playbooks/round-context";
import { recordPublications, revokedTargets } from "@/server/playbooks/round-targets";
import { settlePublications, type SayWaiting } from "@/server/playbooks/sweep-round";
import type { RoundRow } from "@/server/playbooks/run-rows";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const readWaitMs = 10_000;

/** Another order each round: in a fixed one the same replica would get the same message again (trap 3). */
function shuffled<T>(items: readonly T[]): T[] {
  const out = [...items];
  for (let at = out.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [out[at], out[other]] = [out[other] as T, out[at] as T];
  }
  return out;
}

/**
 * Publishes every revoked sid of the run once more, shuffled, under ids of this round, and looks at the gateways afterwards.
 * @throws source_unreachable; calling again goes on.
 */
export async function publishAgainRound(
  ctx: RoundContext,
  round: RoundRow,
  reason: string,
  sayWaiting: SayWaiting,
): Promise<SeriesStep> {
  const targets = shuffled(await revokedTargets(ctx.db, round.run_id, round.round));
  await ctx.db.query("UPDATE playbook_rounds SET planned_at = now(), targets = $3 WHERE run_id = $1 AND round = $2", [
    round.run_id,
    round.round,
    targets.length,
  ]);
  const fast = round.lane === "fast";
  for (let from = 0; from < targets.length; from += batchCeiling) {
    const batch = targets.slice(from, from + batchCeiling);
    await recordPublications(ctx.db, round.run_id, round.round, batch, new Map());
    await writeRepublication(ctx.caracal.db, batch, {
      reason,
      leaseHolder: fast ? ctx.dispatcher.holder : null,
      leaseSeconds: ctx.dispatcher.leaseSeconds,
      jitterSeconds: 1,
    });
  }
  const ids = targets.map((target) => target.outboxId);
  if (fast) await settlePublications(ctx, round, ids, sayWaiting);
  else await waitForApi(ctx, ids);
  await waitUntilRead(ctx, targets);
  await ctx.collector.sampleNow();
  const { proof } = await observeRun({ ctx, input: { runId: round.run_id } });
  return nextInSeries(proof?.gateways ?? [], round);
}

/** The API's lane takes its own time: 128 a second for everything. */
async function waitForApi(ctx: RoundContext, ids: readonly string[]): Promise<void> {
  const deadline = Date.now() + 30_000 + ids.length * 40;
  let left = await undispatched(ctx.caracal.db, ids);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(250);
    left = await undispatched(ctx.caracal.db, left);
  }
}

/** Waits, for a while, until the gateways' group has been delivered what is on the stream now; frozen consumers may keep theirs pending. */
async function waitUntilRead(ctx: RoundContext, targets: readonly BatchTarget[]): Promise<void> {
  if (targets.length === 0) return;
  const upTo = (await readRevocationStream(ctx.caracal.redis, revocationStream)).lastId;
  const deadline = Date.now() + readWaitMs;
  while (Date.now() < deadline) {
    const { groups } = await readRevocationStream(ctx.caracal.redis, revocationStream);
    const gateways = groups.find((group) => group.name === alwaysRequiredGroups[1]);
    if (gateways !== undefined && compareStreamIds(gateways.lastDeliveredId, upTo) >= 0) {
      if (gateways.pending === 0) return;
      await sleep(200); // delivered, being applied
      return;
    }
    await sleep(100);
  }
}
