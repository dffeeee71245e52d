import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import { streamSignature } from "@/server/caracal/stream-signature";

export async function withRedis<T>(deployment: Deployment, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(deployment.redis.url, { lazyConnect: true, maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Puts `count` events with a wrong signature and one without data on the audit stream: ingestion dead-letters them. */
export const poisonAudit = (deployment: Deployment, count: number): Promise<void> =>
  withRedis(deployment, async (redis) => {
    const pipeline = redis.pipeline();
    for (let number = 0; number < count; number += 1) {
      const event = { id: randomUUID(), zone_id: "unknown", occurred_at: new Date().toISOString(), decision: "allow" };
      pipeline.xadd("caracal.audit.events", "*", "data", JSON.stringify(event), "sig", "0".repeat(64));
    }
    pipeline.xadd("caracal.audit.events", "*", "note", "no data");
    await pipeline.exec();
  });

/** A signed revocation without session_id: both groups keep it pending until their next restarts. */
export const poisonRevocation = (deployment: Deployment): Promise<void> =>
  withRedis(deployment, async (redis) => {
    const fields = { zone_id: "unknown", reason: "drill" };
    const key = Buffer.from(deployment.secrets.streamsHmacKey, "hex");
    const signature = streamSignature(key, "caracal.sessions.revoke", fields);
    await redis.xadd("caracal.sessions.revoke", "*", ...Object.entries(fields).flat(), "_sig", signature);
  });

/** A revocation nobody signed: consumers ack and drop it. */
export const forgeRevocation = (deployment: Deployment): Promise<void> =>
  withRedis(deployment, async (redis) => {
    const fields = { zone_id: "unknown", session_id: randomUUID(), reason: "forged by a drill" };
    await redis.xadd("caracal.sessions.revoke", "*", ...Object.entries(fields).flat());
  });
