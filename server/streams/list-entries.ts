import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { readEntries } from "@/server/caracal/streams/entries";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { sharedRead } from "@/server/platform/shared-read";
import { askRedis } from "@/server/streams/ask-redis";
import { judgeSignature } from "@/server/streams/judge-signature";
import type { EntriesPage, entriesInput } from "@/server/streams/schemas";
import { decodeFields, showFields } from "@/server/streams/show-fields";

const sharedMs = 500; // among viewers of the same page

type Input = {
  ctx: { caracal: Pick<Deployment, "redis" | "streamsKey">; auditKey: Buffer | null };
  input: z.output<typeof entriesInput>;
};

/** One page of a stream, newest or oldest first, each entry decoded, redacted, and with what its signature comes to. */
export function listEntries({ ctx, input }: Input): Promise<EntriesPage> {
  return sharedRead(ctx.caracal.redis, `entries\n${JSON.stringify(input)}`, sharedMs, () => readPage({ ctx, input }));
}

async function readPage({ ctx, input }: Input): Promise<EntriesPage> {
  const { stream, direction, limit } = input;
  const range = { stream, after: input.from ?? null, direction, limit };
  const entries = await askRedis(() => readEntries(ctx.caracal.redis, range));
  const keys = { streamsKey: ctx.caracal.streamsKey, auditKey: ctx.auditKey };
  return {
    entries: entries.map((entry) => ({
      id: entry.id,
      at: streamIdTime(entry.id) ?? 0,
      fields: showFields(entry.fields),
      decoded: decodeFields(entry.fields),
      ...judgeSignature(keys, stream, entry),
    })),
    next: entries.length < limit ? null : (entries.at(-1)?.id ?? null),
  };
}
