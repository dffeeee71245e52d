import type { Deployment } from "@/server/caracal/deployment";
import { publishOne } from "@/server/caracal/revocation/publish-one";
import { type GroupConsumer, groupConsumers } from "@/server/caracal/streams/group-consumers";

export const policyStream = "caracal.policy.invalidate";
const policyGroup = "opa-engine"; // all STS replicas share it (trap 3)

/** The STS consumers of the group. */
export const policyConsumers = (redis: Deployment["redis"]): Promise<readonly GroupConsumer[]> =>
  groupConsumers(redis, policyStream, policyGroup);

/** Publishes one policy.invalidate for the zone; the same id once. @throws source_unreachable */
export const publishPolicyInvalidation = (
  caracal: Deployment,
  given: { readonly id: string; readonly zoneId: string; readonly holder: string },
): Promise<void> =>
  publishOne(caracal, {
    id: given.id,
    stream: policyStream,
    fields: { zone_id: given.zoneId, console_ref: given.id },
    holder: given.holder,
  });
