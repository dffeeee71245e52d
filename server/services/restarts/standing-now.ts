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
