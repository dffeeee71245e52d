import {
  nullBindings,
  type PolicyBinding,
  readBindings,
  restoreBindings,
} from "@/server/caracal/brakes/policy-bindings";
import { policyConsumers, publishPolicyInvalidation } from "@/server/caracal/brakes/policy-invalidation";
import type { Deployment } from "@/server/caracal/deployment";
import { outboxId } from "@/server/caracal/revocation/outbox-id";
import { recordApprovalResult } from "@/server/approvals/record-result";
import type { Collector } from "@/server/live/collector";
import { queueNotice } from "@/server/notifications/queue-notice";
import type { Database } from "@/server/platform/postgres";
import { brakeEntry } from "@/server/brakes/brake-entry";
import type { FreezeRow } from "@/server/brakes/freeze-rows";
import type { StsProof } from "@/server/brakes/schemas";
import { allProved, isProved, proveSts } from "@/server/brakes/sts-proof";

export type BrakeContext = {
  readonly db: Database;
  readonly caracal: Deployment;
  readonly collector: Pick<Collector, "snapshot">;
  readonly holder: string; // of outbox leases
  readonly pollSeconds: number;
};

/** Publishing again and again is for replicas that have not heard; after so many the poll is what is left. */
const maxPublications = 60;

const active = (bindings: readonly PolicyBinding[]) => bindings.filter(({ versionId }) => versionId !== null);

/** The outbox row that a thaw leaves with the old values: no worker takes anything from the zone after it. */
const fenceOf = (freeze: FreezeRow): string => outboxId(freeze.id, freeze.zone_id, 2 * maxPublications + 1);

/** Writes down what stands before anything is taken. A binding that changed between the writing and the taking is written down anew. */
async function takeBindings(ctx: BrakeContext, freeze: FreezeRow): Promise<void> {
  let recorded = freeze.before;
  for (let turn = 0; turn < 5; turn++) {
    const standing = await readBindings(ctx.caracal.db, freeze.zone_id);
    if (recorded !== null && active(standing).length === 0) break;
    const known = new Map((recorded ?? []).map((binding) => [binding.policySetId, binding]));
    for (const binding of standing)
      if (binding.versionId !== null || !known.has(binding.policySetId)) known.set(binding.policySetId, binding);
    const written = recorded === null ? null : JSON.stringify(recorded);
    recorded = [...known.values()];
    // Only over what this worker has read: one that claimed the row before another recorded and took may see nothing but nulls.
    const rows = await ctx.db.query(
      `UPDATE zone_freezes SET before = $2, heartbeat_at = now()
        WHERE id = $1 AND state = 'freezing' AND nulled_at IS NULL AND before::text IS NOT DISTINCT FROM $3::text RETURNING 1`,
      [freeze.id, JSON.stringify(recorded), written],
    );
    if (rows.length === 0) return; // another replica is past this: the next turn reads what it wrote
    await nullBindings(ctx.caracal.db, freeze.zone_id, active(recorded), fenceOf(freeze));
  }
  const left = active(await readBindings(ctx.caracal.db, freeze.zone_id));
  if (left.length > 0 || recorded === null)
    throw new Error(
      `Somebody keeps setting policy versions in the zone: ${left.map(({ policySetId }) => policySetId).join(", ")}`,
    );
  const before = recorded;
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      "UPDATE zone_freezes SET nulled_at = clock_timestamp(), proof = '[]', publications = 0, error = NULL WHERE id = $1 AND state = 'freezing' AND nulled_at IS NULL RETURNING 1",
      [freeze.id],
    );
    if (rows.length === 0) return;
    await brakeEntry(tx, freeze.incident_id, {
      kind: "brake.bindings-taken",
      by: null,
      summary: `Policy bindings of zone ${freeze.zone_name} taken: ${active(before).length} of ${before.length} had a version`,
      details: {
        refs: { freeze: freeze.id },
        before,
        after: before.map(({ policySetId }) => ({ policySetId, versionId: null })),
      },
    });
  });
}

/** Puts back exactly what was, but for bindings that somebody has set to something else meanwhile: those are named and left. */
async function putBack(ctx: BrakeContext, freeze: FreezeRow): Promise<void> {
  const before = freeze.before ?? [];
  await restoreBindings(ctx.caracal.db, freeze.zone_id, before, fenceOf(freeze));
  const now = new Map(
    (await readBindings(ctx.caracal.db, freeze.zone_id)).map((one) => [one.policySetId, one.versionId]),
  );
  const leftAlone = before
    .filter(({ policySetId, versionId }) => now.get(policySetId) !== versionId)
    .map(({ policySetId }) => policySetId);
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE zone_freezes SET restored_at = clock_timestamp(), left_alone = $2, proof = '[]', publications = 0, error = NULL
        WHERE id = $1 AND state = 'thawing' AND restored_at IS NULL RETURNING 1`,
      [freeze.id, JSON.stringify(leftAlone)],
    );
    if (rows.length === 0) return;
    await brakeEntry(tx, freeze.incident_id, {
      kind: "brake.bindings-restored",
      by: null,
      summary: `Policy bindings of zone ${freeze.zone_name} put back${leftAlone.length === 0 ? "" : `; left as somebody set them meanwhile: ${leftAlone.join(", ")}`}`,
      details: { refs: { freeze: freeze.id }, after: before, parameters: { leftAlone } },
    });
  });
}

/** Looks at every STS and publishes once more for those that have not heard. Gives whether all are proved. */
async function prove(ctx: BrakeContext, freeze: FreezeRow, changedAt: Date): Promise<readonly StsProof[]> {
  const { replicas } = ctx.collector.snapshot();
  const stss = replicas.filter(({ kind }) => kind === "sts");
  // The clock that changedAt is of, read first: a delivery then counts as a little earlier than it was, never as later.
  const [clock] = await ctx.db.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  if (clock === undefined) throw new Error("the database gave no time");
  const rows = proveSts({
    changedAt: changedAt.getTime(),
    now: clock.now.getTime(),
    pollSeconds: ctx.pollSeconds,
    consumers: await policyConsumers(ctx.caracal.redis),
    configured: ctx.caracal.replicas.filter(({ kind }) => kind === "sts").length,
    // A silent STS may be minting still: a freeze waits for word of it, a thaw need not.
    notReady: stss
      .filter(({ ready, reachable }) => !ready && (reachable || freeze.state === "freezing"))
      .map(({ id }) => id),
    before: freeze.proof,
  });
  const publishes =
    !rows.every(({ deliveredAt }) => deliveredAt !== null) && !allProved(rows) && freeze.publications < maxPublications;
  if (publishes) {
    const turn = freeze.publications + 1 + (freeze.state === "thawing" ? maxPublications : 0);
    await publishPolicyInvalidation(ctx.caracal, {
      id: outboxId(freeze.id, freeze.zone_id, turn),
      zoneId: freeze.zone_id,
      holder: ctx.holder,
    });
  }
  await ctx.db.query(
    "UPDATE zone_freezes SET proof = $2, publications = publications + $3, heartbeat_at = now(), error = NULL WHERE id = $1 AND state = $4",
    [freeze.id, JSON.stringify(rows), publishes ? 1 : 0, freeze.state],
  );
  return rows;
}

/** The end of a freeze or a thaw, once every STS is proved: state, entry and notice in one transaction. */
async function conclude(ctx: BrakeContext, freeze: FreezeRow, rows: readonly StsProof[]): Promise<void> {
  const frozen = freeze.state === "freezing";
  const delivered = rows.filter(({ deliveredAt }) => deliveredAt !== null).length;
  const word = frozen ? "frozen" : "thawed";
  await ctx.db.transaction(async (tx) => {
    const done = await tx.query(
      `UPDATE zone_freezes SET state = $2, ${word}_at = clock_timestamp() WHERE id = $1 AND state = $3 RETURNING 1`,
      [freeze.id, word, freeze.state],
    );
    if (done.length === 0) return;
    await queueNotice(tx, {
      key: `zone-${word}:${freeze.id}`,
      kind: frozen ? "zone-frozen" : "zone-thawed",
      incidentId: freeze.incident_id,
      severity: "P1",
      sentence: `Zone ${freeze.zone_name} is ${word}, proved on every STS`,
      path: `/brakes/${freeze.id}`,
    });
    if (frozen)
      await recordApprovalResult(tx, freeze.approval_id, `Executed and proved: zone ${freeze.zone_name} is frozen`, [
        { name: "STS proved", value: rows.length, unit: "replicas", source: "XINFO CONSUMERS and OPA_POLL_SECONDS" },
      ]);
    await brakeEntry(tx, freeze.incident_id, {
      kind: frozen ? "brake.frozen" : "brake.thawed",
      by: null,
      summary: `Zone ${freeze.zone_name} is ${word}: ${delivered} of ${rows.length} STS were handed the message, ${rows.length - delivered} by their poll`,
      details: {
        refs: { freeze: freeze.id },
        figures: rows.filter(isProved).map((row) => ({
          name: row.replica,
          value: row.deliveredAt === null ? "polled" : "delivered",
          source:
            row.deliveredAt === null
              ? "OPA_POLL_SECONDS since the change"
              : "XINFO CONSUMERS caracal.policy.invalidate opa-engine",
          at: row.deliveredAt ?? row.polledAt ?? "",
        })),
      },
    });
  });
}

/**
 * One step of a freeze or thaw, whatever was done before and by whom: safe to run again at any point, and on several replicas at once.
 * Old values are written down before they are taken; a step is done when it was seen to be.
 * @throws source_unreachable and others: the caller writes them down and comes again.
 */
export async function advanceFreeze(ctx: BrakeContext, freeze: FreezeRow): Promise<void> {
  if (freeze.state === "freezing" && freeze.nulled_at === null) return takeBindings(ctx, freeze);
  if (freeze.state === "thawing" && freeze.restored_at === null) return putBack(ctx, freeze);
  const changedAt =
    freeze.state === "freezing" ? freeze.nulled_at : freeze.state === "thawing" ? freeze.restored_at : null;
  if (changedAt === null) return;
  const rows = await prove(ctx, freeze, changedAt);
  if (allProved(rows)) await conclude(ctx, freeze, rows);
}
