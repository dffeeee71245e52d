import type { Redis } from "ioredis";
import { type CountCommands, listOf, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";

export type RawEntry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };
export type RawPending = {
  readonly id: string;
  readonly consumer: string;
  readonly idleMs: number;
  readonly deliveries: number;
};

const maxCount = 500;
const uncounted: CountCommands = () => undefined;

function toEntry(reply: unknown): RawEntry[] {
  const [id, fields] = listOf(reply);
  if (typeof id !== "string" || !Array.isArray(fields)) return [];
  return [{ id, fields: Object.fromEntries([...pairs(fields)].map(([name, value]) => [name, String(value)])) }];
}

async function one(
  redis: Redis,
  command: readonly [string, ...(string | number)[]],
  count: CountCommands,
): Promise<unknown> {
  const [reply] = await pipelined(redis, [command], count);
  if (reply === undefined || !reply.ok) throw reply?.error ?? new Error("Redis gave no reply");
  return reply.value;
}

export type EntriesRange = {
  readonly stream: string;
  readonly after: string | null; // exclusive, in the direction read; null starts at that end
  readonly direction: "newest" | "oldest";
  readonly limit: number; // at most 500
};

/** One bounded page of a stream; empty when the stream does not exist. */
export async function readEntries(redis: Redis, range: EntriesRange, count = uncounted): Promise<RawEntry[]> {
  const limit = Math.min(range.limit, maxCount);
  const start = range.after === null ? null : `(${range.after}`;
  const command =
    range.direction === "newest"
      ? (["XREVRANGE", range.stream, start ?? "+", "-", "COUNT", limit] as const)
      : (["XRANGE", range.stream, start ?? "-", "+", "COUNT", limit] as const);
  return listOf(await one(redis, command, count)).flatMap(toEntry);
}

/** The entries with exactly these ids, at most 100; one that is no longer there is absent from the map. */
export async function readEntriesById(
  redis: Redis,
  stream: string,
  ids: readonly string[],
  count = uncounted,
): Promise<ReadonlyMap<string, RawEntry>> {
  const commands = ids.slice(0, 100).map((id) => ["XRANGE", stream, id, id, "COUNT", 1] as const);
  const replies = await pipelined(redis, commands, count);
  const found = new Map<string, RawEntry>();
  for (const reply of replies) {
    if (!reply.ok) throw reply.error;
    for (const entry of listOf(reply.value).flatMap(toEntry)) found.set(entry.id, entry);
  }
  return found;
}

export type PendingRange = {
  readonly stream: string;
  readonly group: string;
  readonly after: string | null;
  readonly consumer?: string;
  readonly limit: number;
};

/** One bounded page of a group's pending entries, oldest id first. Throws Redis's NOGROUP when there is no such group. */
export async function readPending(redis: Redis, range: PendingRange, count = uncounted): Promise<RawPending[]> {
  const start = range.after === null ? "-" : `(${range.after}`;
  const limit = Math.min(range.limit, maxCount);
  const consumer = range.consumer === undefined ? [] : [range.consumer];
  return toPending(await one(redis, ["XPENDING", range.stream, range.group, start, "+", limit, ...consumer], count));
}

export function toPending(reply: unknown): RawPending[] {
  return listOf(reply).flatMap((row) => {
    const [id, consumer, idle, deliveries] = listOf(row);
    if (typeof id !== "string") return [];
    return [{ id, consumer: String(consumer), idleMs: Number(idle), deliveries: Number(deliveries) }];
  });
}
