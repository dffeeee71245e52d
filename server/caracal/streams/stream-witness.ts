import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import type { StreamPosition } from "@/server/caracal/streams/group-verdict";

export type StreamMotion = {
  readonly perSecond: number | null; // added
  readonly removedPerSecond: number | null; // trimmed or deleted
  readonly boundSeen: { readonly entries: number; readonly at: number } | null;
};

export type StreamWitness = {
  /** What moved since the previous look; null on the first look and after the stream was made anew. */
  motion(stream: string, position: StreamPosition, now: number): StreamMotion;
  /** Entries a second that a group was given since the previous look; null when Redis does not count them. */
  readRate(stream: string, group: string, entriesRead: number | null, now: number): number | null;
  /** The oldest entry that was seen in the stream after this group's position, for when Redis itself cannot tell what was trimmed. */
  unread(stream: string, group: string, lastDeliveredId: string, position: StreamPosition): string | null;
};

const unmoved: StreamMotion = { perSecond: null, removedPerSecond: null, boundSeen: null };

/** What one look at a stream cannot tell, remembered from the looks before. Holds one line per stream and per group. */
export function createStreamWitness(): StreamWitness {
  const seen = new Map<string, { at: number; position: StreamPosition; motion: StreamMotion }>();
  const reads = new Map<string, { at: number; read: number; perSecond: number | null }>();
  const unread = new Map<string, string>();
  return {
    motion(stream, position, now) {
      const before = seen.get(stream);
      if (before !== undefined && now <= before.at) return before.motion;
      const motion = before === undefined ? unmoved : moved(before, position, now);
      seen.set(stream, { at: now, position, motion });
      return motion;
    },
    readRate(stream, group, entriesRead, now) {
      const key = `${stream}\n${group}`;
      if (entriesRead === null) return null;
      const before = reads.get(key);
      if (before !== undefined && now <= before.at) return before.perSecond;
      const perSecond =
        before === undefined || entriesRead < before.read
          ? null
          : ((entriesRead - before.read) * 1_000) / (now - before.at);
      reads.set(key, { at: now, read: entriesRead, perSecond });
      return perSecond;
    },
    unread(stream, group, lastDeliveredId, position) {
      const key = `${stream}\n${group}`;
      const known = unread.get(key);
      if (known !== undefined && compareStreamIds(known, lastDeliveredId) > 0) return known;
      const oldest = position.firstId;
      const next = oldest !== null && compareStreamIds(oldest, lastDeliveredId) > 0 ? oldest : position.lastEntryId;
      if (next !== null && compareStreamIds(next, lastDeliveredId) > 0) unread.set(key, next);
      else unread.delete(key);
      return unread.get(key) ?? null;
    },
  };
}

/**
 * Rates since the look before, and the bound that a trim showed: whoever adds with MAXLEN leaves about that many, so the length after a
 * look in which entries were added and others went is the bound in effect. Where nothing was added somebody deleted.
 */
function moved(
  before: { readonly at: number; readonly position: StreamPosition; readonly motion: StreamMotion },
  now: StreamPosition,
  at: number,
): StreamMotion {
  const { boundSeen } = before.motion;
  if (now.entriesAdded === null || before.position.entriesAdded === null) return { ...unmoved, boundSeen };
  const added = now.entriesAdded - before.position.entriesAdded;
  if (added < 0) return unmoved; // made anew
  const removed = Math.max(0, added - (now.length - before.position.length));
  const deleted = now.maxDeletedId !== before.position.maxDeletedId;
  const seconds = (at - before.at) / 1_000;
  return {
    perSecond: added / seconds,
    removedPerSecond: removed / seconds,
    boundSeen: added > 0 && removed > 0 && !deleted ? { entries: now.length, at } : boundSeen,
  };
}
