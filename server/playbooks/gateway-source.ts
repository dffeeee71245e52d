import type { Snapshot } from "@/server/live/snapshot";
import type { GatewayReading } from "@/server/playbooks/revoke-session/gateway-count";

/** Where gateways' own counts come from: the process's one collector. */
export type GatewaySource = { snapshot(): Snapshot; sampleNow(): Promise<Snapshot> };

/** Each gateway replica's counters as the collector last read them. */
export function gatewayReadings(snapshot: Snapshot): GatewayReading[] {
  return snapshot.replicas
    .filter((replica) => replica.kind === "gateway")
    .map((replica) => ({
      replica: replica.id,
      revocationsActive: replica.metrics.revocations_active ?? null,
      deniedRevoked: replica.metrics.denials_revoked ?? null,
      requestsTotal: replica.metrics.requests_total ?? null,
      at: replica.metricsAt,
      restartedAt: replica.restartedAt,
    }));
}
