import type { z } from "zod";
import type { Deployment } from "@/server/caracal/deployment";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import { readEntries, type RawEntry } from "@/server/caracal/streams/entries";
import { isDeadLetterStream, isSignedStream } from "@/server/caracal/streams/expected-streams";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { askRedis } from "@/server/streams/ask-redis";
import type { EntriesPage, entriesInput, StreamEntry } from "@/server/streams/schemas";
import { showFields } from "@/server/streams/show-fields";

type Input = { ctx: { caracal: Deployment }; input: z.output<typeof entriesInput> };

/** One page of a stream, newest or oldest first, each entry with whether its signature holds under STREAMS_HMAC_KEY. */
export async function listEntries({ ctx, input }: Input): Promise<EntriesPage> {
  const { stream, direction, limit } = input;
  const range = { stream, after: input.from ?? null, direction, limit };
  const entries = await askRedis(() => readEntries(ctx.caracal.redis, range));
  return {
    entries: entries.map((entry) => ({
      id: entry.id,
      at: streamIdTime(entry.id) ?? 0,
      fields: showFields(entry.fields),
      signature: signatureOf(ctx.caracal.streamsKey, stream, entry),
    })),
    next: entries.length < limit ? null : (entries.at(-1)?.id ?? null),
  };
}

function signatureOf(key: Buffer | null, stream: string, entry: RawEntry): StreamEntry["signature"] {
  if (!isSignedStream(stream) || isDeadLetterStream(stream)) return "not-signed-stream";
  return key === null ? "no-key" : checkStreamSignature(key, stream, entry.fields);
}
