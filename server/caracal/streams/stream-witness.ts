import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import type { StreamPosition } from "@/server/caracal/streams/group-verdict";

export type StreamWitness = {
  /** Entries a second since the previous look; null on the first look and after the stream was made anew. */
  rate(stream: string, position: StreamPosition, now: number): number | null;
  /** The oldest entry that was seen in the stream after this group's position, for when Redis itself cannot tell what was trimmed. */
  unread(stream: string, group: string, lastDeliveredId: string, position: StreamPosition): string | null;
};

/** What one look at a stream cannot tell, remembered from the looks before. Holds one line per stream and per group. */
export function createStreamWitness(): StreamWitness {
  const rates = new Map<string, { at: number; added: number; perSecond: number | null }>();
  const unread = new Map<string, string>();
  return {
    rate(stream, position, now) {
      const added = position.entriesAdded;
      const before = rates.get(stream);
      if (added === null) return null;
      if (before !== undefined && now <= before.at) return before.perSecond;
      const perSecond =
        before === undefined || added < before.added ? null : ((added - before.added) * 1_000) / (now - before.at);
      rates.set(stream, { at: now, added, perSecond });
      return perSecond;
    },
    unread(stream, group, lastDeliveredId, position) {
      const key = `${stream}\n${group}`;
      const seen = unread.get(key);
      if (seen !== undefined && compareStreamIds(seen, lastDeliveredId) > 0) return seen;
      const oldest = position.firstId;
      const next = oldest !== null && compareStreamIds(oldest, lastDeliveredId) > 0 ? oldest : position.lastEntryId;
      if (next !== null && compareStreamIds(next, lastDeliveredId) > 0) unread.set(key, next);
      else unread.delete(key);
      return unread.get(key) ?? null;
    },
  };
}
