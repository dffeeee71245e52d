import type { Redis } from "ioredis";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import type { StreamFields } from "@/server/caracal/stream-signature";

export type RevocationEntry = { readonly id: string; readonly fields: StreamFields };

const toFields = (flat: readonly string[]): StreamFields => {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
  return fields;
};

/**
 * Entries after `after`, oldest first, in at most `calls` reads of 500. `next` is where to go on; `done` when the end was reached.
 */
export async function entriesAfter(
  redis: Redis,
  after: string,
  calls: number,
): Promise<{ readonly entries: RevocationEntry[]; readonly next: string; readonly done: boolean }> {
  const entries: RevocationEntry[] = [];
  let next = after;
  for (let call = 0; call < calls; call += 1) {
    const rows = await redis.xrange(revocationStream, `(${next}`, "+", "COUNT", 500);
    for (const [id, flat] of rows) entries.push({ id, fields: toFields(flat) });
    next = rows.at(-1)?.[0] ?? next;
    if (rows.length < 500) return { entries, next, done: true };
  }
  return { entries, next, done: false };
}

/** Entries by id, pipelined; trimmed ones come back as null. At most 500 are read. */
export async function entriesById(redis: Redis, ids: readonly string[]): Promise<Map<string, StreamFields | null>> {
  const asked = ids.slice(0, 500);
  const pipeline = redis.pipeline();
  for (const id of asked) pipeline.xrange(revocationStream, id, id, "COUNT", 1);
  const replies = (await pipeline.exec()) ?? [];
  const found = new Map<string, StreamFields | null>();
  asked.forEach((id, at) => {
    const [error, rows] = replies[at] ?? [new Error("no answer"), null];
    if (error) throw error;
    const first: unknown = Array.isArray(rows) ? rows[0] : undefined;
    found.set(id, Array.isArray(first) && Array.isArray(first[1]) ? toFields(first[1].map(String)) : null);
  });
  return found;
}

/** Which of the sids a resource server has taken note of (`caracal:revoked:sessions:<sid>`), by chunks of 500. */
export async function resourceKeysPresent(
  redis: Redis,
  sids: readonly string[],
  keyOf: (sid: string) => string,
): Promise<Set<string>> {
  const present = new Set<string>();
  for (let from = 0; from < sids.length; from += 500) {
    const chunk = sids.slice(from, from + 500);
    const pipeline = redis.pipeline();
    for (const sid of chunk) pipeline.exists(keyOf(sid));
    const replies = (await pipeline.exec()) ?? [];
    chunk.forEach((sid, at) => {
      const [error, count] = replies[at] ?? [new Error("no answer"), 0];
      if (error) throw error;
      if (Number(count) > 0) present.add(sid);
    });
  }
  return present;
}
