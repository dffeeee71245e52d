import type { Redis } from "ioredis";
import type { Pool } from "pg";
import type { ChainEntry, ChainRow } from "@/sandbox/audit-chain/honest-chain";
import { loadChainRows } from "@/sandbox/audit-stage/load-chain";

type Event = { readonly row: ChainRow; readonly entry: ChainEntry };
const stream = "caracal.audit.events";
const group = "audit-ingestor";

/**
 * Ingests events as audit does, ten times a second: published, read by the group, written, and only then acknowledged. `stop` gives how many it
 * were.
 */
export function ingestEvents(
  { redis, owner }: { readonly redis: Redis; readonly owner: Pool },
  next: () => Event,
  eventsPerSecond: number,
): { stop(): Promise<number> } {
  let stopping = false;
  const work = async (): Promise<number> => {
    const client = await owner.connect();
    let done = 0;
    try {
      while (!stopping) {
        const some = Array.from({ length: Math.max(1, Math.round(eventsPerSecond / 10)) }, next);
        for (const { entry } of some) await redis.xadd(stream, "*", ...Object.entries(entry.fields).flat());
        const read = (await redis.xreadgroup("GROUP", group, "w", "COUNT", 1_000, "STREAMS", stream, ">")) as
          | [string, [string, string[]][]][]
          | null;
        await loadChainRows(
          client,
          some.map(({ row }) => row),
        );
        const ids = read?.[0]?.[1].map(([id]) => id) ?? [];
        if (ids.length > 0) await redis.xack(stream, group, ...ids);
        done += some.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return done;
    } finally {
      client.release();
    }
  };
  const ended = work();
  return {
    async stop() {
      stopping = true;
      return ended;
    },
  };
}
