import type { z } from "zod";
import { byTrouble, silentMs } from "@/server/caracal/streams/consumer-watch";
import type { Deployment } from "@/server/caracal/deployment";
import { toConsumer } from "@/server/caracal/streams/read-streams";
import { listOf, pipelined } from "@/server/caracal/streams/redis-pipeline";
import type { ConsumerState } from "@/server/live/snapshot";
import { sharedRead } from "@/server/platform/shared-read";
import { askRedis } from "@/server/streams/ask-redis";
import { claimMeaning } from "@/server/streams/claim-meaning";
import type { consumersInput, ConsumersView } from "@/server/streams/schemas";

const shown = 500;
const sharedMs = 2_000; // XINFO CONSUMERS tells all of them or none: viewers of one group share it

/** All consumers of a group, those that hold something first, then the longest silent; shared among who asks. @throws as listConsumers */
export function readConsumers(
  caracal: Pick<Deployment, "redis">,
  stream: string,
  group: string,
): Promise<readonly ConsumerState[]> {
  return sharedRead(caracal.redis, `consumers\n${stream}\n${group}`, sharedMs, () =>
    askRedis(async () => {
      const [reply] = await pipelined(caracal.redis, [["XINFO", "CONSUMERS", stream, group]], () => undefined);
      if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
      return listOf(reply.value).map(toConsumer).sort(byTrouble);
    }),
  );
}

/**
 * The consumers of a group, 500 at most, with how many there are and the names of those that are alive.
 * @throws not_found for an unknown group, source_unreachable
 */
export async function listConsumers({
  ctx: { caracal },
  input: { stream, group },
}: {
  ctx: { caracal: Pick<Deployment, "redis"> };
  input: z.output<typeof consumersInput>;
}): Promise<ConsumersView> {
  const all = await readConsumers(caracal, stream, group);
  const living = all.filter(({ idleMs }) => idleMs < silentMs).map(({ name }) => name);
  return {
    total: all.length,
    consumers: all.slice(0, shown),
    living: living.slice(-50).sort(),
    claimMeaning: claimMeaning(group),
  };
}
