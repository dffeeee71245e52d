import type { Redis } from "ioredis";
import { expectedStreams } from "@/server/caracal/streams/expected-streams";
import { type CountCommands, listOf, pipelined } from "@/server/caracal/streams/redis-pipeline";

const scanCount = 500;
const callsPerStep = 4;
const maxStreams = 200;
const pauseMs = 5_000;

export type StreamDiscovery = {
  /** Streams known so far: those of the contract, and every other `caracal.` stream that was come across. */
  names(): readonly string[];
  /** Walks on through the keyspace: at most four SCAN calls, and after a whole round none for five seconds. */
  step(redis: Redis, now: number, count: CountCommands): Promise<void>;
  /** Drops a found stream that no longer exists; those of the contract stay. */
  forget(name: string): void;
};

/** Finds streams by bounded SCAN … TYPE stream, resumed where the last step ended. Never KEYS (law 4). */
export function createStreamDiscovery(): StreamDiscovery {
  const contract = expectedStreams.flatMap(({ name }) => (name.endsWith(".dlq") ? [name] : [name, `${name}.dead`]));
  const found = new Set<string>();
  let cursor = "0";
  let restUntil = 0;
  return {
    names: () => [...new Set([...contract, ...found])].sort(),
    forget: (name) => void found.delete(name),
    async step(redis, now, count) {
      if (now < restUntil) return;
      for (let call = 0; call < callsPerStep; call++) {
        const [reply] = await pipelined(
          redis,
          [["SCAN", cursor, "MATCH", "caracal.*", "COUNT", scanCount, "TYPE", "stream"]],
          count,
        );
        if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("SCAN gave no reply");
        const [next, names] = listOf(reply.value);
        for (const name of listOf(names)) {
          if (found.size < maxStreams) found.add(String(name));
        }
        cursor = String(next ?? "0");
        if (cursor === "0") {
          restUntil = now + pauseMs;
          return;
        }
      }
    },
  };
}
