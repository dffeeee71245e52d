import { join } from "node:path";
import { freePort } from "@/sandbox/engines/free-port";
import type { DeploymentSecrets } from "@/sandbox/supervisor/secrets";
import type { ServicePlan } from "@/sandbox/supervisor/service";

export type Replicas = { readonly sts: number; readonly gateway: number };

export type TopologyInput = {
  readonly folder: string; // where <service>.mjs lies
  readonly archive: string; // where audit exports to
  readonly scratch: string; // where services may keep files (STS's audit spool)
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly secrets: DeploymentSecrets;
  readonly replicas: Replicas;
  readonly workload: boolean;
};

const kinds = ["api", "sts", "gateway", "audit", "coordinator", "resource-server"] as const;
export type ServiceKind = (typeof kinds)[number] | "workload";

/** The compose file of the stand-in: who runs, how often, and with which environment. */
export async function planServices(input: TopologyInput): Promise<{ kind: ServiceKind; plan: ServicePlan }[]> {
  const count = (kind: ServiceKind) => (kind === "sts" || kind === "gateway" ? input.replicas[kind] : 1);
  const placed: { kind: ServiceKind; name: string; port: number }[] = [];
  for (const kind of [...kinds, ...(input.workload ? (["workload"] as const) : [])]) {
    const replicas = count(kind);
    for (let number = 1; number <= replicas; number += 1) {
      const name = kind === "workload" ? kind : `${kind === "resource-server" ? "resource" : kind}-${number}`;
      placed.push({ kind, name, port: await freePort() });
    }
  }
  const urls = (kind: ServiceKind) =>
    placed.filter((service) => service.kind === kind).map((service) => `http://127.0.0.1:${service.port}`);
  const first = (kind: ServiceKind) => urls(kind)[0] ?? "";

  const shared = {
    DATABASE_URL: input.databaseUrl,
    REDIS_URL: input.redisUrl,
    STREAMS_HMAC_KEY: input.secrets.streamsHmacKey,
    AUDIT_HMAC_KEY: input.secrets.auditHmacKey,
    AUDIT_EXPORT_FOLDER: input.archive,
    ZONE_KEK: input.secrets.zoneKek,
    ADMIN_TOKEN: input.secrets.adminToken,
    COORDINATOR_TOKEN: input.secrets.coordinatorToken,
    API_URL: first("api"),
    STS_URL: first("sts"),
    STS_URLS: urls("sts").join(","),
    GATEWAY_URLS: urls("gateway").join(","),
    UPSTREAM_URL: first("resource-server"),
  };
  return placed.map(({ kind, name, port }) => ({
    kind,
    plan: {
      name,
      port,
      script: join(input.folder, `${kind}.mjs`),
      environment: { ...shared, AUDIT_REPLAY_DIR: join(input.scratch, name) },
    },
  }));
}
