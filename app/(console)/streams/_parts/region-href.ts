import type { Region } from "@/components/charts/reading-bar";
import { idBefore } from "@/components/charts/stream-id";

/** The stream's own page. */
export function streamHref(stream: string): string {
  return `/streams/${encodeURIComponent(stream)}`;
}

/** Where a click on a stretch leads: pending entries of the group, or the stream's entries from the stretch's start. */
export function regionHref(stream: string, group: string, region: Region): string {
  if (region.kind === "pending") return `${streamHref(stream)}?tab=pending&group=${encodeURIComponent(group)}`;
  const start = region.kind === "lost" ? region.toId : region.fromId;
  // "unread" begins after the last delivered id, the other stretches with their first.
  const from = start === null ? "" : region.kind === "unread" ? start : idBefore(start);
  return `${streamHref(stream)}?tab=entries&direction=oldest&from=${encodeURIComponent(from)}`;
}
