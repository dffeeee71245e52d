import { setTimeout as delay } from "node:timers/promises";
import { checkStreamSignature, streamSignature } from "@/server/caracal/stream-signature";
import { openFastRedis } from "./engines";
import { type Entry, ensureGroup, toEntries } from "./streams";

export type ConsumerOptions = {
  readonly redisUrl: string;
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly key: Buffer; // STREAMS_HMAC_KEY
  /** Applies one message whose signature is right. Throws when it cannot be applied: the entry then stays pending. */
  apply(fields: Readonly<Record<string, string>>): Promise<void> | void;
  readonly claimIdleMs?: number; // 30 s in the release
};

const maxFailures = 5;
type RawEntries = [string, string[] | null][];

/**
 * A reader of a signed stream as STS and gateway have it (contract section 3, traps 2 and 3): wrong or missing signatures
 * are acked and dropped; what cannot be applied stays pending, is claimed only at a start, and after five failures, counted
 * for both groups together, goes to `<stream>.dead`. When Redis is away at the start it never begins to read; once begun it
 * survives outages, but not its group's removal.
 * @returns whether it began to read.
 */
export async function startConsumer(options: ConsumerOptions): Promise<boolean> {
  const { stream, group, consumer } = options;
  const redis = openFastRedis(options.redisUrl);
  try {
    await redis.connect();
    await ensureGroup(redis, stream, group);
  } catch {
    redis.disconnect();
    return false;
  }

  const fail = async (entry: Entry, reason: string): Promise<void> => {
    const counter = `stream-failure:${stream}:${entry.id}`;
    const failures = await redis.incr(counter);
    await redis.expire(counter, 86_400);
    if (failures < maxFailures) return;
    const dead = { original_id: entry.id, error: reason, values: JSON.stringify(entry.fields) };
    const signed = { ...dead, _sig: streamSignature(options.key, `${stream}.dead`, dead) };
    await redis.xadd(`${stream}.dead`, "*", ...Object.entries(signed).flat());
    await redis.xack(stream, group, entry.id);
    await redis.del(counter);
  };

  const handle = async (entries: readonly Entry[]): Promise<void> => {
    for (const entry of entries) {
      if (checkStreamSignature(options.key, stream, entry.fields) !== "valid") {
        await redis.xack(stream, group, entry.id);
        continue;
      }
      try {
        await options.apply(entry.fields);
      } catch (error) {
        await fail(entry, error instanceof Error ? error.message : String(error));
        continue;
      }
      await redis.xack(stream, group, entry.id);
    }
  };

  const claim = async (): Promise<void> => {
    let cursor = "0-0";
    do {
      const idle = options.claimIdleMs ?? 30_000;
      const [next, raw] = (await redis.xautoclaim(stream, group, consumer, idle, cursor, "COUNT", 100)) as [
        string,
        RawEntries,
      ];
      await handle(toEntries(raw));
      cursor = next;
    } while (cursor !== "0-0");
  };

  const read = async (): Promise<void> => {
    await claim().catch((error: unknown) => console.error(consumer, "could not claim", error));
    for (;;) {
      try {
        const reply = (await redis.xreadgroup(
          "GROUP",
          group,
          consumer,
          "COUNT",
          64,
          "BLOCK",
          1_000,
          "STREAMS",
          stream,
          ">",
        )) as [string, RawEntries][] | null;
        for (const [, raw] of reply ?? []) await handle(toEntries(raw));
      } catch {
        await delay(200); // away, or the group is gone: the release goes on asking and never makes it again
      }
    }
  };
  void read();
  return true;
}
