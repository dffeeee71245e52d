import type { z } from "zod";
import { byTrouble } from "@/server/caracal/streams/consumer-watch";
import type { Deployment } from "@/server/caracal/deployment";
import { toConsumer } from "@/server/caracal/streams/read-streams";
import { listOf, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { sharedRead } from "@/server/platform/shared-read";
import { askRedis } from "@/server/streams/ask-redis";
import type { consumersInput, ConsumersView } from "@/server/streams/schemas";

const shown = 500;
const sharedMs = 2_000; // XINFO CONSUMERS tells all of them or none: viewers of one group share it

/**
 * The consumers of a group, those that hold something first, then the longest silent; 500 at most, with how many there are.
 * @throws not_found for an unknown group, source_unreachable
 */
export function listConsumers({
  ctx: { caracal },
  input: { stream, group },
}: {
  ctx: { caracal: Pick<Deployment, "redis"> };
  input: z.output<typeof consumersInput>;
}): Promise<ConsumersView> {
  return sharedRead(caracal.redis, `consumers\n${stream}\n${group}`, sharedMs, () =>
    askRedis(async () => {
      const [reply] = await pipelined(caracal.redis, [["XINFO", "CONSUMERS", stream, group]], () => undefined);
      if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
      const all = listOf(reply.value).map(toConsumer).sort(byTrouble);
      return { total: all.length, consumers: all.slice(0, shown), at: Date.now() };
    }),
  );
}
