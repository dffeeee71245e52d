import type { Redis } from "ioredis";
import { pipelined, type Reply } from "@/server/caracal/streams/redis-pipeline";
import { messageOf } from "@/server/platform/errors";
import { fail, type Finding, ok, reasonOf, warn } from "@/server/runtime/doctor/finding";

const patienceMs = 3_000;
const uncounted = () => undefined;

/** Null once Redis takes commands; after three seconds the reason why it does not. */
function waitForRedis(redis: Redis): Promise<string | null> {
  if (redis.status === "ready") return Promise.resolve(null);
  return new Promise((resolve) => {
    let last = "no answer";
    const settle = (reason: string | null) => {
      clearTimeout(timer);
      redis.off("ready", onReady).off("error", onError);
      resolve(reason);
    };
    const onReady = () => settle(null);
    const onError = (error: Error) => {
      last = messageOf(error);
    };
    const timer = setTimeout(() => settle(last), patienceMs);
    redis.on("ready", onReady).on("error", onError);
  });
}

function checkVersion(info: string | null): Finding {
  const name = "redis";
  const field = (key: string) => info?.match(new RegExp(`^${key}:(\\S+)`, "m"))?.[1] ?? null;
  const valkey = field("valkey_version");
  if (valkey !== null) return ok(name, `It answers: Valkey ${valkey}.`);
  const version = field("redis_version");
  if (version === null)
    return warn(name, "It answers; which version it is, it does not tell.", "Make sure that it is 7.0 or newer.");
  if (Number(version.split(".")[0]) >= 7) return ok(name, `It answers: Redis ${version}.`);
  return fail(
    name,
    `It is Redis ${version}; 7.0 or newer is needed to tell what a group lost.`,
    "Use Redis 7.0 or newer, or Valkey.",
  );
}

function checkEviction(policy: string | null): Finding {
  const name = "eviction";
  if (policy === null)
    return warn(
      name,
      "Whether Redis may evict cannot be told: CONFIG GET and INFO are refused.",
      "See that maxmemory-policy is noeviction, or allow this user CONFIG GET.",
    );
  if (policy === "noeviction") return ok(name, "maxmemory-policy is noeviction.");
  return warn(
    name,
    `maxmemory-policy is ${policy}: when memory runs short Redis drops streams and revocation keys without a trace.`,
    "Set maxmemory-policy to noeviction.",
  );
}

const away = (reason: string) => ({
  findings: [
    fail(
      "redis",
      `It cannot be reached with CARACAL_REDIS_URL: ${reasonOf(reason)}`,
      "Start it, or correct CARACAL_REDIS_URL.",
    ),
  ],
  reachable: false,
});

/** Caracal's Redis: reachable, new enough, and not allowed to throw evidence away. */
export async function checkRedis(redis: Redis): Promise<{ findings: readonly Finding[]; reachable: boolean }> {
  const reason = await waitForRedis(redis);
  if (reason !== null) return away(reason);
  let replies: readonly Reply[];
  try {
    replies = await pipelined(
      redis,
      [
        ["INFO", "server"],
        ["INFO", "memory"],
        ["CONFIG", "GET", "maxmemory-policy"],
      ],
      uncounted,
    );
  } catch (error) {
    return away(messageOf(error));
  }
  const [server, memory, config] = replies;
  const fromConfig = config?.ok && Array.isArray(config.value) ? config.value[1] : undefined;
  const fromInfo = memory?.ok ? /^maxmemory_policy:(\S+)/m.exec(String(memory.value))?.[1] : undefined;
  const policy: unknown = fromConfig ?? fromInfo;
  return {
    findings: [
      checkVersion(server?.ok ? String(server.value) : null),
      checkEviction(typeof policy === "string" ? policy : null),
    ],
    reachable: true,
  };
}
