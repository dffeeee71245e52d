import { randomBytes } from "node:crypto";
import pg from "pg";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { createDispatcher } from "@/server/caracal/revocation/dispatch";
import { openRedis } from "@/server/caracal/redis";
import type { Snapshot } from "@/server/live/snapshot";
import { openDatabase } from "@/server/platform/postgres";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { StageConsumer } from "./stage-consumer";

export const dana: Actor = { id: "11111111-1111-4111-8111-111111111111", name: "Dana Responder", roles: ["responder"] };
export const remy: Actor = { id: "22222222-2222-4222-8222-222222222222", name: "Remy Responder", roles: ["responder"] };

/** Reads gateways' metrics over HTTP into the shape of a snapshot; keeps the last known values of one that does not answer. */
export function gatewayCollector(consumers: () => readonly StageConsumer[]) {
  let last = emptySnapshot;
  const sampleNow = async (): Promise<Snapshot> => {
    const replicas = await Promise.all(
      consumers().map(async (consumer, at): Promise<Snapshot["replicas"][number]> => {
        const id = `gateway-${at + 1}`;
        const before = last.replicas.find((replica) => replica.id === id);
        const base = {
          id,
          kind: "gateway",
          url: consumer.url,
          ready: true,
          readyReason: null,
          healthy: true,
          healthReason: null,
          restarts: 0,
          restartedAt: null,
          failingSince: null,
        } as const;
        try {
          const response = await fetch(`${consumer.url}/metrics`, { signal: AbortSignal.timeout(400) });
          const metrics = (await response.json()) as Record<string, number>;
          return { ...base, reachable: true, metrics, metricsStatus: "ok", metricsAt: Date.now(), seenAt: Date.now() };
        } catch {
          return {
            ...base,
            reachable: false,
            metrics: before?.metrics ?? {},
            metricsStatus: "failed",
            metricsAt: before?.metricsAt ?? null,
            seenAt: before?.seenAt ?? null,
          };
        }
      }),
    );
    last = { ...emptySnapshot, at: Date.now(), replicas };
    return last;
  };
  return { snapshot: () => last, sampleNow, subscribe: () => () => undefined };
}

export type StageOptions = {
  readonly gateways?: number;
  readonly streamsKey?: Buffer | null;
  readonly consumersKey?: Buffer;
  readonly leaseSeconds?: number;
  readonly resourceServer?: boolean;
};

/** Fresh databases and a Redis with real consumers of every group, and what verbs want as context. */
export async function openStage(options: StageOptions = {}) {
  const [own, theirs, redis] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase(), freshRedis()]);
  const key = randomBytes(32);
  const consumersKey = options.consumersKey ?? key;
  const streamsKey = options.streamsKey === undefined ? key : options.streamsKey;
  const consumer = (group: string, name: string, keepsKeys = false) =>
    new StageConsumer({ redisUrl: redis.url, group, name, key: consumersKey, keepsKeys });
  const sts = consumer("sts-revocation", "sts-a-1-revocations");
  const gateways = Array.from({ length: options.gateways ?? 2 }, (_, at) =>
    consumer("gateway-revocation", `gateway-a-${at + 1}`),
  );
  const resource = options.resourceServer === false ? [] : [consumer("resource-revocation", "resource-a-1", true)];
  const all = [sts, ...gateways, ...resource];
  for (const one of all) await one.start();
  const owner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 2 });
  const db = openDatabase({ url: own.url, label: "The console's own Postgres", max: 6, statementTimeoutMs: 5_000 });
  const caracal: Deployment = {
    name: "stage",
    db: openDatabase({ url: theirs.url, label: "Caracal's Postgres", max: 6, statementTimeoutMs: 5_000 }),
    redis: openRedis(redis.url),
    replicas: gateways.map((gateway, at) => ({ id: `gateway-${at + 1}`, kind: "gateway", url: gateway.url })),
    streamsKey,
    auditKey: null,
    adminToken: null,
    coordinatorToken: null,
    async close() {
      this.redis.disconnect();
      await this.db.close();
    },
  };
  for (let tries = 0; caracal.redis.status !== "ready" && tries < 100; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const collector = gatewayCollector(() => gateways);
  const enqueued: { runId: string; round: number }[] = [];
  const jobs = {
    async enqueueRound(runId: string, round: number) {
      enqueued.push({ runId, round });
    },
  };
  const ctx = {
    db,
    caracal,
    collector,
    dispatcher: createDispatcher({ leaseSeconds: options.leaseSeconds ?? 30 }),
    jobs,
    actor: dana,
  };
  return {
    ctx,
    enqueued,
    owner,
    redis,
    sts,
    gateways,
    key,
    urls: { console: own.url, consoleOwner: own.migrateUrl, caracal: theirs.url, redis: redis.url },
    async close() {
      await Promise.all(all.map((one) => one.stop()));
      await Promise.all([db.close(), caracal.close(), owner.end()]);
      await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
    },
  };
}
export type Stage = Awaited<ReturnType<typeof openStage>>;
