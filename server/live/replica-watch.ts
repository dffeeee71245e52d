import type { Deployment, ReplicaAddress } from "@/server/caracal/deployment";
import { probeReplica, shownUrl } from "@/server/caracal/services/probe-replica";
import type { ReplicaReading } from "@/server/caracal/services/read-replica";
import { droppedCounters } from "@/server/caracal/services/restarts";
import type { ReplicaState, SourceState } from "@/server/live/snapshot";

export type ReplicaWatch = {
  readonly id: string;
  sample(now: () => number): Promise<void>;
  state(): ReplicaState;
  source(): SourceState;
};

const never = (address: ReplicaAddress): ReplicaState => ({
  id: address.id,
  kind: address.kind,
  url: shownUrl(address.url),
  reachable: false,
  ready: false,
  readyReason: null,
  healthy: false,
  healthReason: null,
  metrics: {},
  metricsStatus: "failed",
  metricsAt: null,
  restarts: 0,
  restartedAt: null,
  seenAt: null,
  failingSince: null,
});

/** The next state of a replica from what was known and what it just answered. Compares it with itself only (trap 15). Pure. */
function nextReplicaState(
  before: ReplicaState,
  wasRefused: boolean,
  reading: ReplicaReading,
  now: number,
): ReplicaState {
  const fell =
    reading.metrics !== null &&
    before.metricsAt !== null &&
    droppedCounters(before.metrics, reading.metrics).length > 0;
  const cameBack = wasRefused && reading.reachable && before.seenAt !== null;
  const restarted = fell || cameBack;
  const { refused: _refused, metrics, ...shown } = reading;
  return {
    ...before,
    ...shown,
    metrics: metrics ?? before.metrics,
    metricsAt: metrics === null ? before.metricsAt : now,
    restarts: before.restarts + (restarted ? 1 : 0),
    restartedAt: restarted ? now : before.restartedAt,
    seenAt: reading.reachable ? now : before.seenAt,
    failingSince: reading.ready ? null : (before.failingSince ?? now),
  };
}

/** Follows one replica; a probe under way is joined, never doubled. */
export function createReplicaWatch(
  address: ReplicaAddress,
  deployment: Pick<Deployment, "coordinatorToken">,
): ReplicaWatch {
  let state = never(address);
  let refused = false;
  let silentSince: number | null = null;
  let underWay: Promise<void> | null = null;

  async function probe(now: () => number): Promise<void> {
    const reading = await probeReplica(address, deployment.coordinatorToken);
    state = nextReplicaState(state, refused, reading, now());
    // Metrics fall together with the process: once its restart was told by the refusal, their fall is the same one.
    if (refused && reading.reachable) state = reading.metrics === null ? { ...state, metrics: {} } : state;
    refused = reading.refused;
    silentSince = reading.reachable ? null : (silentSince ?? now());
  }

  return {
    id: address.id,
    state: () => state,
    sample(now) {
      underWay ??= probe(now).finally(() => {
        underWay = null;
      });
      return underWay;
    },
    source: () => ({
      id: address.id,
      label: address.id,
      status: state.seenAt === null ? "never" : silentSince === null ? "ok" : "stale",
      okAt: state.seenAt,
      failingSince: silentSince,
      reason: silentSince === null ? null : state.readyReason,
    }),
  };
}
