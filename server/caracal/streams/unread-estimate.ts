import type { StreamPosition } from "@/server/caracal/streams/group-verdict";
import { streamIdTime } from "@/server/caracal/streams/stream-id";

/**
 * About how many entries a group has not been given, from where its position lies between the times of the first and the last id:
 * right when entries come evenly, an order of magnitude otherwise. Null when the ids cannot tell. Pure.
 */
export function estimateUnread(stream: StreamPosition, lastDeliveredId: string): number | null {
  if (stream.firstId === null || stream.lastEntryId === null) return null;
  const [first, last, here] = [stream.firstId, stream.lastEntryId, lastDeliveredId].map(streamIdTime);
  if (first == null || last == null || here == null || last <= first) return null;
  const share = Math.min(1, Math.max(0, (last - here) / (last - first)));
  return Math.min(stream.length, Math.max(1, Math.round(share * stream.length)));
}
