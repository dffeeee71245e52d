import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { probeReplica } from "@/server/caracal/services/probe-replica";
import type { ReplicaReading } from "@/server/caracal/services/read-replica";
import { sharedRead } from "@/server/platform/shared-read";
import type { RuntimeAdapter } from "@/server/services/adapter/adapter";
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

type Runtime = Pick<RuntimeAdapter, "acts" | "placeOf" | "runs">;
const isSilent = ({ reading }: Asked): boolean => !reading.reachable && !reading.refused;

/** Those that gave no answer and of which the runtime says that nothing runs. Where it cannot be asked, nothing is known to be stopped. */
export async function stoppedOf(adapter: Runtime, asked: readonly Asked[]): Promise<ReadonlySet<string>> {
  const silent = asked.filter(isSilent).map(({ address }) => address.id);
  const places = new Map(
    (adapter.acts ? silent : []).flatMap((id) => {
      const place = adapter.placeOf(id);
      return place === null ? [] : [[place.target, place] as const];
    }),
  );
  const stopped = await pMap(
    places.values(),
    async (place) => ((await adapter.runs(place).catch(() => true)) ? [] : place.replicas),
    { concurrency: 4 },
  );
  const all = new Set(stopped.flat());
  return new Set(silent.filter((id) => all.has(id)));
}

/** How each stands, for the question whether one person may restart it. */
export const standingOf = (asked: readonly Asked[], stopped: ReadonlySet<string>): ReadonlyMap<string, Standing> =>
  new Map(
    asked.map((one) => {
      const { ready, reachable, refused } = one.reading;
      const { id } = one.address;
      return [id, { ready, reachable, refused, stopped: stopped.has(id), pending: pendingOf(one) }];
    }),
  );

/** Every replica as it answered within the last second: for pages, so that any number of viewers cost the services what one costs. */
export const askShared = (caracal: Pick<Deployment, "replicas" | "coordinatorToken">): Promise<Asked[]> =>
  sharedRead(caracal.replicas, "asked", 1_000, () => askReplicas(caracal));

/** As `stoppedOf`, of what the runtime said within the last five seconds: asking it starts a program. */
export const stoppedShared = (
  caracal: Pick<Deployment, "replicas">,
  adapter: Runtime,
  asked: readonly Asked[],
): Promise<ReadonlySet<string>> => {
  const silent = asked.filter(isSilent).map(({ address }) => address.id);
  return sharedRead(caracal.replicas, `stopped ${silent.join()}`, 5_000, () => stoppedOf(adapter, asked));
};
