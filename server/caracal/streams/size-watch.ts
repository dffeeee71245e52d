import type { Redis } from "ioredis";
import { type CountCommands, numberOrNull, pipelined } from "@/server/caracal/streams/redis-pipeline";

export type StreamSize = { readonly bytes: number; readonly at: number };
export type SizeWatch = {
  /** Measures the streams whose turn it is: at most two a call, each once a minute. A refusal (an ACL) leaves the size unknown. */
  step(redis: Redis, names: readonly string[], now: number, count: CountCommands): Promise<void>;
  of(name: string): StreamSize | null;
};

const everyMs = 60_000;
const perCall = 2;
const samples = 5; // nodes that MEMORY USAGE looks into; 0 would be all of them

/** Sizes of streams by sampling: MEMORY USAGE with five samples costs the same for a thousand entries as for a million. */
export function createSizeWatch(): SizeWatch {
  const sizes = new Map<string, StreamSize>();
  const asked = new Map<string, number>();
  return {
    async step(redis, names, now, count) {
      const due = names
        .filter((name) => now - (asked.get(name) ?? Number.NEGATIVE_INFINITY) >= everyMs)
        .sort((a, b) => (asked.get(a) ?? 0) - (asked.get(b) ?? 0))
        .slice(0, perCall);
      const replies = await pipelined(
        redis,
        due.map((name) => ["MEMORY", "USAGE", name, "SAMPLES", samples]),
        count,
      );
      due.forEach((name, index) => {
        asked.set(name, now);
        const reply = replies[index];
        const bytes = reply?.ok ? numberOrNull(reply.value) : null;
        if (bytes === null) sizes.delete(name);
        else sizes.set(name, { bytes, at: now });
      });
    },
    of: (name) => sizes.get(name) ?? null,
  };
}
