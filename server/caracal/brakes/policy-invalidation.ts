import type { Deployment } from "@/server/caracal/deployment";
import { markDispatched } from "@/server/caracal/revocation/outbox-rows";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import { publishEntries } from "@/server/caracal/revocation/publish-entries";
import { publishBound } from "@/server/caracal/revocation/revocation-stream";
import { listOf, numberOrNull, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";

export const policyStream = "caracal.policy.invalidate";
const policyGroup = "opa-engine"; // all STS replicas share it (trap 3)

/** How long ago a consumer of the group was last handed a message, in ms; null: never, as far as Redis tells. */
export type PolicyConsumer = { readonly name: string; readonly agoMs: number | null };

/**
 * The STS consumers of the group. Redis tells how long ago a consumer did something: from 7.2 "inactive" is its last delivery or
 * claim; before, "idle" is its last attempt, and a waiting XREADGROUP counts only once it is answered (contract trap 3). A group
 * that is not there has no consumers.
 */
export async function policyConsumers(redis: Deployment["redis"]): Promise<readonly PolicyConsumer[]> {
  const [reply] = await pipelined(redis, [["XINFO", "CONSUMERS", policyStream, policyGroup]], () => undefined);
  if (reply === undefined || !reply.ok) return [];
  return listOf(reply.value)
    .slice(0, 100)
    .map((row) => {
      const fields = pairs(row);
      const inactive = numberOrNull(fields.get("inactive"));
      const ago = fields.has("inactive") ? inactive : numberOrNull(fields.get("idle"));
      return { name: String(fields.get("name")), agoMs: ago === null || ago < 0 ? null : ago };
    });
}

/**
 * Publishes one policy.invalidate for the zone through the outbox, by the lease protocol of contract section 2: signed and added by
 * us when our key is the one in use, else left for the API's dispatcher. The same id is published once, however often it is asked.
 * @throws source_unreachable when Postgres or Redis does not answer; the row is then dispatched by the API when the lease ends.
 */
export async function publishPolicyInvalidation(
  caracal: Deployment,
  given: { readonly id: string; readonly zoneId: string; readonly holder: string },
): Promise<void> {
  const lane = await chooseLane(caracal, 1);
  const leased = lane.kind === "fast" && caracal.streamsKey !== null;
  const fields = { zone_id: given.zoneId, console_ref: given.id };
  const written = await caracal.db.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by)
     VALUES ($1, $2, $3, $4, now(), CASE WHEN $5::text IS NULL THEN NULL ELSE now() + interval '30 seconds' END, $5)
     ON CONFLICT (id) DO NOTHING RETURNING 1`,
    [given.id, policyStream, JSON.stringify(fields), leased ? 1 : 0, leased ? given.holder : null],
  );
  if (written.length === 0 || !leased || caracal.streamsKey === null) return;
  const { error } = await publishEntries(
    caracal.redis,
    caracal.streamsKey,
    [{ id: given.id, stream: policyStream, fields }],
    publishBound,
  );
  if (error !== null) throw error;
  await markDispatched(caracal.db, [given.id], given.holder);
}
