import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReplicaAddress } from "@/server/caracal/deployment";
import type { ServiceKind } from "@/server/live/snapshot";
import type { Place, RuntimeAdapter } from "@/server/services/adapter/adapter";

/** A replica that answers on a port of its own as it is told to: the peer of probes. */
export type StagedReplica = ReplicaAddress & {
  ready: boolean;
  says: string; // of /ready while it is not
  metrics: Record<string, unknown>;
  /** Refuses connections from now on. */
  down(): Promise<void>;
  /** Answers again on the same port. */
  up(): Promise<void>;
  close(): Promise<void>;
};

export const stsMetrics = (over: Record<string, number> = {}) => ({
  audit_dropped: over.audit_dropped ?? 0,
  opa: { eval_total: over.eval_total ?? 100 },
  sts: {
    graph_traversals: 0,
    graph_traversal_errors: 0,
    audit_dropped: over.audit_dropped ?? 0,
    audit_replay_pending: over.pending ?? 0,
    audit_replay_replayed: over.replayed ?? 0,
    audit_sink_errors: 0,
    jwks_invalid_keys: 0,
  },
});

export async function stageReplica(id: string, kind: ServiceKind): Promise<StagedReplica> {
  let server: Server | null = null;
  let port = 0;
  const replica: StagedReplica = {
    id,
    kind,
    url: "",
    ready: true,
    says: "redis unreachable: dial tcp: connection refused",
    metrics: kind === "sts" ? stsMetrics() : {},
    async down() {
      const running = server;
      server = null;
      running?.closeAllConnections();
      await new Promise((resolve) => (running === null ? resolve(null) : running.close(resolve)));
    },
    async up() {
      if (server !== null) return;
      const starting = createServer((request, response) => {
        response.setHeader("connection", "close");
        if (request.url === "/metrics") response.end(JSON.stringify(replica.metrics));
        else if (request.url === "/ready" && !replica.ready) response.writeHead(503).end(replica.says);
        else response.end();
      });
      await new Promise<void>((resolve) => starting.listen(port, "127.0.0.1", resolve));
      port = (starting.address() as AddressInfo).port;
      server = starting;
    },
    close: () => replica.down(),
  };
  await replica.up();
  return Object.assign(replica, { url: `http://127.0.0.1:${port}` });
}

/** A runtime in whose place the test acts: what a restart does is `onRestart`. */
export function stagedRuntime(
  replicas: readonly StagedReplica[],
  onRestart: (place: Place) => Promise<void>,
  over: Partial<RuntimeAdapter> = {},
): RuntimeAdapter {
  return {
    kind: "process",
    acts: true,
    keepsFiles: true,
    placeOf: (replica) => (replicas.some(({ id }) => id === replica) ? { target: replica, replicas: [replica] } : null),
    logs: async () => ({ lines: [], cut: false }),
    runs: async () => true,
    restart: onRestart,
    commands: ({ target }) => ({ logs: `logs ${target}`, restart: `restart ${target}`, status: `status ${target}` }),
    ...over,
  };
}
