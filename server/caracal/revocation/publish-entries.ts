import type { Redis } from "ioredis";
import { type StreamFields, streamSignature } from "@/server/caracal/stream-signature";

export type Publishable = { readonly id: string; readonly stream: string; readonly fields: StreamFields };
export type PublishResult = {
  readonly published: ReadonlyMap<string, string>; // outbox id → stream id
  readonly error: Error | null; // the first failure; the rest of the chunk may or may not have arrived
};

/**
 * Signs and adds entries in order, in one pipeline, as the API's dispatcher does: flattened fields, `_sig`, MAXLEN ~ bound.
 * A lost connection leaves the rows without an answer in flight: they go out again, which consumers take as nothing.
 */
export async function publishEntries(
  redis: Redis,
  key: Buffer,
  entries: readonly Publishable[],
  bound: number,
): Promise<PublishResult> {
  const pipeline = redis.pipeline();
  for (const entry of entries) {
    const parts: string[] = [];
    for (const [name, value] of Object.entries(entry.fields)) parts.push(name, value);
    pipeline.xadd(
      entry.stream,
      "MAXLEN",
      "~",
      bound,
      "*",
      ...parts,
      "_sig",
      streamSignature(key, entry.stream, entry.fields),
    );
  }
  const published = new Map<string, string>();
  let failed: Error | null = null;
  try {
    const replies = (await pipeline.exec()) ?? [];
    entries.forEach((entry, at) => {
      const [error, id] = replies[at] ?? [new Error("no answer"), null];
      if (error) failed ??= error;
      else published.set(entry.id, String(id));
    });
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error));
  }
  return { published, error: failed };
}
