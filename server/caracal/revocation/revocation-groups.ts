import type { Redis } from "ioredis";
import { messageOf } from "@/server/platform/errors";

/** One consumer group of the revocation stream as XINFO and XPENDING tell it; `pendingIds` null when there are too many to list. */
export type RevocationGroup = {
  readonly name: string;
  readonly consumers: number;
  readonly pending: number;
  readonly lastDeliveredId: string;
  readonly entriesRead: number | null;
  readonly lag: number | null;
  readonly used: boolean;
};
export type RevocationStream = {
  readonly length: number;
  readonly firstId: string | null;
  readonly lastId: string;
  readonly groups: readonly RevocationGroup[];
};

const record = (flat: readonly unknown[]): Record<string, unknown> => {
  const out: Record<string, unknown> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) out[String(flat[at])] = flat[at + 1];
  return out;
};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const numberOrNull = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

/**
 * The stream's ends and every group on it, in one pipelined round trip. An absent stream reads as empty.
 * A group is used when it has ever delivered something or has consumers: provisioned ones that nothing reads are not (section 3).
 */
export async function readRevocationStream(redis: Redis, stream: string): Promise<RevocationStream> {
  const replies = await redis.pipeline().xinfo("STREAM", stream).xinfo("GROUPS", stream).exec();
  const failure = replies?.[0]?.[0];
  if (failure) {
    if (/no such key/i.test(failure.message)) return { length: 0, firstId: null, lastId: "0-0", groups: [] };
    throw failure;
  }
  const info = record(list(replies?.[0]?.[1]));
  const groups = list(replies?.[1]?.[1]).map((entry): RevocationGroup => {
    const group = record(list(entry));
    const lastDeliveredId = String(group["last-delivered-id"]);
    const consumers = Number(group.consumers);
    const entriesRead = numberOrNull(group["entries-read"]);
    return {
      name: String(group.name),
      consumers,
      pending: Number(group.pending),
      lastDeliveredId,
      entriesRead,
      lag: numberOrNull(group.lag),
      used: consumers > 0 || (entriesRead ?? 0) > 0 || lastDeliveredId !== "0-0",
    };
  });
  const first = list(info["first-entry"])[0];
  return {
    length: Number(info.length),
    firstId: first === undefined ? null : String(first),
    lastId: String(info["last-generated-id"]),
    groups,
  };
}

/**
 * Which of the given entries are delivered to a group but not acknowledged. One bounded XPENDING when the group's whole
 * list fits, else one question per entry, at most `ceiling` of them; entries that were not asked about come back as unknown.
 */
export async function pendingAmong(
  redis: Redis,
  stream: string,
  group: RevocationGroup,
  ids: readonly string[],
  ceiling = 500,
): Promise<{ readonly pending: ReadonlySet<string>; readonly unknown: ReadonlySet<string> }> {
  if (group.pending === 0 || ids.length === 0) return { pending: new Set(), unknown: new Set() };
  if (group.pending < ceiling) {
    const reply = await redis.xpending(stream, group.name, "-", "+", ceiling).catch((error: unknown) => {
      if (/NOGROUP/.test(messageOf(error))) return null; // destroyed since XINFO was read
      throw error;
    });
    if (reply === null) return { pending: new Set(), unknown: new Set(ids) };
    const rows = list(reply);
    const all = new Set(rows.map((row) => String(list(row)[0])));
    // The list may have grown since XINFO was read: then it cannot be taken as whole.
    return rows.length < ceiling ? { pending: all, unknown: new Set() } : { pending: all, unknown: new Set(ids) };
  }
  const asked = ids.slice(0, ceiling);
  const pipeline = redis.pipeline();
  for (const id of asked) pipeline.xpending(stream, group.name, id, id, 1);
  const replies = (await pipeline.exec()) ?? [];
  const pending = new Set<string>();
  const unknown = new Set(ids.slice(ceiling));
  asked.forEach((id, at) => {
    const [error, rows] = replies[at] ?? [null, null];
    if (error) unknown.add(id);
    else if (list(rows).length > 0) pending.add(id);
  });
  return { pending, unknown };
}
