import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { readEntriesById, readPending } from "@/server/caracal/streams/entries";
import { diagnosePending } from "@/server/caracal/streams/pending-diagnosis";
import { askRedis } from "@/server/streams/ask-redis";
import type { pendingInput, PendingPage } from "@/server/streams/schemas";

type Input = { ctx: { caracal: Deployment }; input: z.output<typeof pendingInput> };

const diagnosed = 100; // of a page; later ones are shown without a diagnosis

/** One page of a group's pending entries, oldest first, with why each is stuck. Throws not_found for an unknown group. */
export async function listPending({ ctx, input }: Input): Promise<PendingPage> {
  const { stream, group, consumer, limit } = input;
  const range = { stream, group, after: input.from ?? null, limit, ...(consumer ? { consumer } : {}) };
  return askRedis(async () => {
    const pending = await readPending(ctx.caracal.redis, range);
    const ids = pending.slice(0, diagnosed).map(({ id }) => id);
    const entries = await readEntriesById(ctx.caracal.redis, stream, ids);
    return {
      entries: pending.map((entry, index) => ({
        ...entry,
        diagnosis:
          index < diagnosed ? diagnosePending(stream, group, entry, entries.get(entry.id)?.fields ?? null) : null,
      })),
      next: pending.length < limit ? null : (pending.at(-1)?.id ?? null),
    };
  });
}
