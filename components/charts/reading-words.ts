import { formatAge } from "@/components/lib/duration";
import type { GroupState } from "@/server/live/snapshot";

const silentAfterMs = 60_000;
const count = new Intl.NumberFormat("en");

function behindWords(group: GroupState): string {
  if (group.lost) return "lost entries: trimmed before it read them";
  if (group.verdict === "behind")
    return group.lag === null ? "behind, cannot be counted" : `${count.format(group.lag)} behind`;
  if (group.lag !== null && group.lag > 0) return `${count.format(group.lag)} behind`;
  return group.verdict === "idle" ? "nothing to read" : "all read";
}

function consumerWords(group: GroupState): string | null {
  if (group.consumers.length === 0 || group.verdict === "all-read" || group.verdict === "idle") return null;
  const silent = group.consumers.map((consumer) => consumer.idleMs).filter((idle) => idle >= silentAfterMs);
  const all = `${group.consumers.length} ${group.consumers.length === 1 ? "consumer" : "consumers"}`;
  if (silent.length === 0) return all;
  const longest = formatAge(Math.max(...silent));
  if (group.consumers.length === 1) return `${all}, silent ${longest}`;
  return `${all}, ${silent.length === group.consumers.length ? "all" : silent.length} silent ${longest}`;
}

/** One group's standing in a line: "212 behind · 1 pending, 14 min 02 s · 2 consumers, 1 silent 9 min 00 s". */
export function readingWords(group: GroupState): string {
  if (group.verdict === "never-used") return "never used: nothing has ever read with it, so it is not lag";
  const pending =
    group.pending === 0
      ? null
      : `${count.format(group.pending)} pending${group.oldestPendingIdleMs === null ? "" : `, ${formatAge(group.oldestPendingIdleMs)}`}`;
  return [behindWords(group), pending, consumerWords(group)].filter((part) => part !== null).join(" · ");
}
