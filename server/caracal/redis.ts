import { Redis } from "ioredis";
import { log } from "@/server/platform/log";

/**
 * One pipelined connection for bounded reads and publishing. Commands fail within 2 s instead of queueing while Redis is
 * away (law 5), and the connection heals by itself. Blocking reads must not use it.
 */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(250 * attempt, 2_000),
    connectionName: "caracal-console",
  });
  redis.on("error", (error: Error) => log.debug({ reason: error.message }, "redis connection"));
  redis.connect().catch(() => undefined); // the retry strategy goes on; callers see each command's own failure
  return redis;
}
