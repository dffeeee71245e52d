import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { probeReplica } from "@/server/caracal/services/probe-replica";
import type { ReplicaReading } from "@/server/caracal/services/read-replica";

export type Asked = { readonly address: ReplicaAddress; readonly reading: ReplicaReading };

/** Every replica of some kinds as it answers right now. */
export const askReplicas = (
  caracal: Pick<Deployment, "replicas" | "coordinatorToken">,
  wanted: (address: ReplicaAddress) => boolean = () => true,
): Promise<Asked[]> =>
  Promise.all(
    caracal.replicas
      .filter(wanted)
      .map(async (address) => ({ address, reading: await probeReplica(address, caracal.coordinatorToken) })),
  );

/** What waits in an STS's audit spool as it says; null for what is no STS, or did not say. */
export const pendingOf = ({ reading }: Asked): number | null => reading.metrics?.["sts.audit_replay_pending"] ?? null;

const sharedMs = 1_000;
const shared = new WeakMap<object, { readonly at: number; readonly asked: Promise<Asked[]> }>();

/** Every replica as it answered within the last second: for pages, so that any number of viewers cost the services what one costs. */
export function askShared(caracal: Pick<Deployment, "replicas" | "coordinatorToken">): Promise<Asked[]> {
  const known = shared.get(caracal.replicas);
  if (known !== undefined && Date.now() - known.at < sharedMs) return known.asked;
  const asked = askReplicas(caracal);
  shared.set(caracal.replicas, { at: Date.now(), asked });
  return asked;
}
