import type { Redis } from "ioredis";
import { openDatabase, type Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import type { ServiceKind } from "@/server/live/snapshot";
import { openRedis } from "@/server/caracal/redis";

export type ReplicaAddress = { readonly id: string; readonly kind: ServiceKind; readonly url: string };

/** The running Caracal as this console reaches it: its Postgres under a least-privilege role, its Redis, every replica's address, and the keys we were given. */
export type Deployment = {
  readonly name: string;
  readonly db: Database;
  readonly redis: Redis;
  readonly replicas: readonly ReplicaAddress[];
  readonly streamsKey: Buffer | null; // STREAMS_HMAC_KEY
  readonly auditKey: Buffer | null; // AUDIT_HMAC_KEY
  readonly adminToken: string | null;
  readonly coordinatorToken: string | null;
  close(): Promise<void>;
};

const addresses = (kind: ServiceKind, urls: readonly string[]): ReplicaAddress[] =>
  urls.map((url, index) => ({ id: `${kind}-${index + 1}`, kind, url }));

/** Opens nothing that can fail: each part connects when first used and heals by itself. */
export function openDeployment(settings: Settings): Deployment {
  const db = openDatabase({
    url: settings.CARACAL_DATABASE_URL,
    label: "Caracal's Postgres",
    max: 8,
    statementTimeoutMs: 5_000,
  });
  const redis = openRedis(settings.CARACAL_REDIS_URL);
  return {
    name: settings.CARACAL_NAME,
    db,
    redis,
    replicas: [
      ...addresses("sts", settings.CARACAL_STS_URLS),
      ...addresses("gateway", settings.CARACAL_GATEWAY_URLS),
      ...addresses("api", settings.CARACAL_API_URLS),
      ...addresses("audit", settings.CARACAL_AUDIT_URLS),
      ...addresses("coordinator", settings.CARACAL_COORDINATOR_URLS),
    ],
    streamsKey: settings.STREAMS_HMAC_KEY === undefined ? null : Buffer.from(settings.STREAMS_HMAC_KEY, "hex"),
    auditKey: settings.AUDIT_HMAC_KEY === undefined ? null : Buffer.from(settings.AUDIT_HMAC_KEY, "hex"),
    adminToken: settings.CARACAL_ADMIN_TOKEN ?? null,
    coordinatorToken: settings.CARACAL_COORDINATOR_TOKEN ?? null,
    async close() {
      redis.disconnect();
      await db.close();
    },
  };
}
