import { formatAge } from "@/components/lib/duration";
import type { GroupState } from "@/server/live/snapshot";

const silentAfterMs = 60_000;
const count = new Intl.NumberFormat("en");

function behindWords(group: GroupState): string {
  if (group.lost) return "lost entries: trimmed before it read them";
  const unread = group.unread ?? group.lag;
  if (unread !== null && unread > 0) return `${count.format(unread)} behind`;
  if (group.verdict === "behind")
    return group.unreadEstimate === null
      ? "behind, cannot be counted"
      : `behind, unknown by how many: about ${count.format(group.unreadEstimate)} by their ids`;
  return group.verdict === "idle" ? "nothing to read" : "all read";
}

function consumerWords(group: GroupState): string | null {
  if (group.consumerCount === 0 || group.verdict === "all-read" || group.verdict === "idle") return null;
  const all = `${count.format(group.consumerCount)} ${group.consumerCount === 1 ? "consumer" : "consumers"}`;
  if (group.silentCount === 0) return all;
  const silent = group.consumers.map(({ idleMs }) => idleMs).filter((idle) => idle >= silentAfterMs);
  const longest = formatAge(Math.max(...silent));
  if (group.consumerCount === 1) return `${all}, silent ${longest}`;
  return `${all}, ${silentWords(group)} silent ${longest}`;
}

const silentWords = (group: GroupState) =>
  group.silentCount === group.consumerCount ? "all" : count.format(group.silentCount);

/** One group's standing in a line: "212 behind · 1 pending, 14 min 02 s · 2 consumers, 1 silent 9 min 00 s". */
export function readingWords(group: GroupState): string {
  if (group.verdict === "never-used") return "never used: nothing has ever read with it, so it is not lag";
  const pending =
    group.pending === 0
      ? null
      : `${count.format(group.pending)} pending${group.oldestPendingIdleMs === null ? "" : `, ${formatAge(group.oldestPendingIdleMs)}`}`;
  return [behindWords(group), pending, consumerWords(group)].filter((part) => part !== null).join(" · ");
}
