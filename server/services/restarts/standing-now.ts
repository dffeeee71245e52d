import { setTimeout as pause } from "node:timers/promises";
import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { probeReplica } from "@/server/caracal/services/probe-replica";
import type { ReplicaReading } from "@/server/caracal/services/read-replica";
import type { Standing } from "@/server/services/restarts/why-two";

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

/** The same, where one that gave no answer is asked again: a single missed look says nothing. */
export async function askTwice(
  caracal: Pick<Deployment, "replicas" | "coordinatorToken">,
  wanted: (address: ReplicaAddress) => boolean = () => true,
): Promise<Asked[]> {
  const asked = await askReplicas(caracal, wanted);
  const silent = new Set(asked.filter(({ reading }) => !reading.reachable).map(({ address }) => address.id));
  if (silent.size === 0) return asked;
  await pause(100);
  const again = await askReplicas(caracal, ({ id }) => silent.has(id));
  return asked.map((one) => again.find(({ address }) => address.id === one.address.id) ?? one);
}

/** What waits in an STS's audit spool as it says; null for what is no STS, or did not say. */
export const pendingOf = ({ reading }: Asked): number | null => reading.metrics?.["sts.audit_replay_pending"] ?? null;

/** How each stands, for the question whether one person may restart it. */
export const standingOf = (asked: readonly Asked[]): ReadonlyMap<string, Standing> =>
  new Map(
    asked.map((one) => {
      const { ready, reachable, refused } = one.reading;
      return [one.address.id, { ready, reachable, refused, pending: pendingOf(one) }];
    }),
  );

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
