import type { GroupVerdict } from "@/server/live/snapshot";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";

/** What XINFO STREAM says that a group's position is judged against. `lastEntryId` is the newest entry still there. */
export type StreamPosition = {
  readonly length: number;
  readonly firstId: string | null;
  readonly lastEntryId: string | null;
  readonly lastId: string | null; // last-generated-id
  readonly entriesAdded: number | null;
  readonly maxDeletedId: string | null;
};

export type GroupPosition = {
  readonly lastDeliveredId: string;
  readonly entriesRead: number | null;
  readonly lag: number | null;
  readonly pending: number;
  readonly consumers: number;
  readonly hasReader: boolean; // a service of the release reads this group
  readonly witnessedUnreadId: string | null; // an entry after lastDeliveredId that an earlier sample saw in the stream
};

export type Judgement = {
  readonly verdict: GroupVerdict;
  readonly lost: boolean;
  readonly lostCount: number | null; // null: some, cannot be counted
  readonly unread: number | null; // entries still there that the group has not been given; null: some, cannot be counted
};

const isZero = (id: string) => compareStreamIds(id, "0-0") <= 0;

/**
 * Separates the states that look alike in XINFO (contract section 3, traps 1 and 14). By ids first, since `lag` is null
 * or wrong after trims. Lost: what was added after the group's last delivery is more than what is still there after it,
 * or an entry once seen unread is gone. A group at 0-0 that nothing reads was never used: neither behind nor lost.
 */
export function groupVerdict(stream: StreamPosition, group: GroupPosition): Judgement {
  const nothingBeyond = stream.lastEntryId === null || compareStreamIds(group.lastDeliveredId, stream.lastEntryId) >= 0;
  const behindAll = stream.firstId !== null && compareStreamIds(group.lastDeliveredId, stream.firstId) < 0;
  const neverRead = isZero(group.lastDeliveredId);
  if (neverRead && group.pending === 0 && group.consumers === 0 && !group.hasReader)
    return { verdict: "never-used", lost: false, lostCount: null, unread: null };

  const unread = nothingBeyond ? 0 : behindAll ? stream.length : (group.lag ?? countUnread(stream, group));
  const lostCount = neverRead ? 0 : countLost(stream, group, behindAll);
  if (lostCount !== 0) return { verdict: "lost", lost: true, lostCount, unread };
  if (unread !== 0) return { verdict: "behind", lost: false, lostCount: 0, unread };
  if (group.pending > 0) return { verdict: "pending", lost: false, lostCount: 0, unread };
  return { verdict: neverRead ? "idle" : "all-read", lost: false, lostCount: 0, unread };
}

function countUnread(stream: StreamPosition, group: GroupPosition): number | null {
  if (stream.entriesAdded === null || group.entriesRead === null) return null;
  const added = stream.entriesAdded - group.entriesRead;
  return added >= 0 && added <= stream.length ? added : null;
}

/** How many entries went unread out of the stream; null when some did and Redis cannot tell how many. */
function countLost(stream: StreamPosition, group: GroupPosition, behindAll: boolean): number | null {
  const emptied =
    stream.length === 0 && stream.lastId !== null && compareStreamIds(group.lastDeliveredId, stream.lastId) < 0;
  if (!behindAll && !emptied) return 0; // it has read into what is there: nothing before that was skipped
  if (stream.entriesAdded !== null && group.entriesRead !== null) {
    return Math.max(0, stream.entriesAdded - group.entriesRead - stream.length);
  }
  const witness = group.witnessedUnreadId;
  const gone = (id: string) =>
    compareStreamIds(id, group.lastDeliveredId) > 0 && (emptied || compareStreamIds(id, stream.firstId ?? "0-0") < 0);
  if (witness !== null && gone(witness)) return null;
  if (stream.maxDeletedId !== null && gone(stream.maxDeletedId)) return null;
  return 0;
}
