import { compareIds, idMillis } from "@/components/charts/stream-id";
import type { GroupState, StreamState } from "@/server/live/snapshot";

export type RegionKind = "lost" | "read" | "pending" | "unread";
/** A stretch of one group's bar. `from` and `to` are shares of the axis, 0 to 1; ids are what a click shows. */
export type Region = {
  readonly kind: RegionKind;
  readonly from: number;
  readonly to: number;
  readonly fromId: string | null;
  readonly toId: string | null;
};
export type ReadingBar = { readonly regions: readonly Region[]; readonly neverUsed: boolean };

const lostMargin = 0.08; // what was trimmed before it was read has no place on the axis: it gets a stub in front
const leastWidth = 0.012; // one pending entry among millions still shows

/** The stream's axis in ids; null when it never held an entry. */
export function idAxis(stream: StreamState): { first: string; last: string } | null {
  if (stream.lastId === null || stream.lastId === "0-0") return null;
  return { first: stream.firstId ?? stream.lastId, last: stream.lastId };
}

function newestPending(group: GroupState): string {
  const complete = group.pending <= group.pendingSample.length;
  if (!complete) return group.lastDeliveredId;
  return group.pendingSample.reduce(
    (newest, entry) => (compareIds(entry.id, newest) > 0 ? entry.id : newest),
    group.oldestPendingId ?? "0-0",
  );
}

/**
 * How far one group has read, on the id axis of its stream: read, delivered but pending, unread, and lost by trimming.
 * Places follow the ids' milliseconds. A group that never read anything has no regions: that is not lag (contract section 3).
 */
export function readingBar(stream: StreamState, group: GroupState): ReadingBar {
  const axis = idAxis(stream);
  if (axis === null || stream.length === 0) return { regions: [], neverUsed: group.verdict === "never-used" };
  if (group.verdict === "never-used") return { regions: [], neverUsed: true };
  const start = stream.groups.some((other) => other.lost) ? lostMargin : 0;
  const first = idMillis(axis.first);
  const span = idMillis(axis.last) - first;
  const place = (id: string) => {
    if (compareIds(id, axis.first) < 0) return start;
    if (span === 0) return compareIds(id, axis.last) >= 0 ? 1 : (start + 1) / 2;
    return start + (1 - start) * Math.min(1, Math.max(0, (idMillis(id) - first) / span));
  };

  const regions: Region[] = [];
  const add = (kind: RegionKind, from: number, to: number, fromId: string | null, toId: string | null) => {
    if (to > from) regions.push({ kind, from, to, fromId, toId });
  };
  if (group.lost) add("lost", 0, start, group.lastDeliveredId, axis.first);

  const behind = compareIds(group.lastDeliveredId, axis.last) < 0;
  const readEnd = behind ? Math.min(place(group.lastDeliveredId), 1 - leastWidth) : 1;
  if (group.pending > 0 && group.oldestPendingId !== null) {
    const newest = newestPending(group);
    const low = Math.max(start, Math.min(place(group.oldestPendingId), readEnd - leastWidth));
    const high = Math.min(Math.max(place(newest), low + leastWidth), Math.max(readEnd, low + leastWidth));
    add("read", start, low, axis.first, group.oldestPendingId);
    add("pending", low, high, group.oldestPendingId, newest);
    add("read", high, readEnd, newest, group.lastDeliveredId);
    if (behind) add("unread", Math.max(readEnd, high), 1, group.lastDeliveredId, axis.last);
    return { regions, neverUsed: false };
  }
  add("read", start, readEnd, axis.first, group.lastDeliveredId);
  if (behind) add("unread", Math.max(start, readEnd), 1, group.lastDeliveredId, axis.last);
  return { regions, neverUsed: false };
}
