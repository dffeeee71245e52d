import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { readEntriesById, readPending } from "@/server/caracal/streams/entries";
import { diagnosePending } from "@/server/caracal/streams/pending-diagnosis";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { sharedRead } from "@/server/platform/shared-read";
import { askRedis } from "@/server/streams/ask-redis";
import { pendingVerdicts } from "@/server/streams/pending-verdicts";
import type { pendingInput, PendingPage } from "@/server/streams/schemas";

const sharedMs = 1_000; // among viewers of the same page

type Input = { ctx: { caracal: Deployment }; input: z.output<typeof pendingInput> };

/**
 * One page of a group's pending entries, oldest first, with why each is stuck and what Postgres says of it.
 * @throws not_found for an unknown group
 */
export function listPending({ ctx, input }: Input): Promise<PendingPage> {
  const { stream, group, consumer, limit } = input;
  return sharedRead(ctx.caracal.redis, `pending\n${JSON.stringify(input)}`, sharedMs, async () => {
    const range = { stream, group, after: input.from ?? null, limit, ...(consumer ? { consumer } : {}) };
    const { pending, entries } = await askRedis(async () => {
      const page = await readPending(ctx.caracal.redis, range);
      const ids = page.map(({ id }) => id);
      return { pending: page, entries: await readEntriesById(ctx.caracal.redis, stream, ids) };
    });
    const verdicts = await pendingVerdicts(ctx, { stream, group }, pending, entries);
    return {
      entries: pending.map((entry) => ({
        ...entry,
        at: streamIdTime(entry.id) ?? 0,
        diagnosis: diagnosePending(stream, group, entry, entries.get(entry.id)?.fields ?? null),
        verdict: verdicts.get(entry.id) ?? null,
      })),
      next: pending.length < limit ? null : (pending.at(-1)?.id ?? null),
    };
  });
}
