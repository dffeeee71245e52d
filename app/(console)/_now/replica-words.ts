import type { ReplicaState } from "@/server/live/snapshot";

export type ReplicaWords = { readonly state: "ready" | "not ready" | "no answer"; readonly reason: string | null };

/** Whether a replica serves, and why not in its own words. A refused connection and a 503 are told apart. */
export function replicaWords(replica: ReplicaState): ReplicaWords {
  if (!replica.reachable) return { state: "no answer", reason: replica.readyReason ?? "refuses connections" };
  if (!replica.ready) return { state: "not ready", reason: replica.readyReason ?? "gives no reason" };
  if (!replica.healthy)
    return {
      state: "ready",
      reason: replica.healthReason ? `/health says: ${replica.healthReason}` : "/health says no",
    };
  return { state: "ready", reason: null };
}

const metricWords: Readonly<Record<ReplicaState["metricsStatus"], string | null>> = {
  ok: null,
  none: "has no metrics",
  "no-token": "metrics need CARACAL_COORDINATOR_TOKEN",
  failed: "metrics do not answer",
};

/** Why there are no counters to show; null when there are. */
export function metricsWords(replica: ReplicaState): string | null {
  return replica.reachable ? metricWords[replica.metricsStatus] : null;
}
