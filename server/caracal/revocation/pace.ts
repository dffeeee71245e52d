import type { RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { alwaysRequiredGroups } from "@/server/caracal/revocation/revocation-stream";

/** XADD … MAXLEN ~ trims whole nodes of at most 100 entries, never below the bound; the margin covers other publishers meanwhile. */
const margin = 2_000;

/**
 * Why `chunk` more entries must wait, in words, or null when they may go. Entries that a used group has not read must never
 * fall under the trim bound (trap 14). A null lag is taken as the whole stream. Groups that were never used do not count,
 * unless they are the two that every deployment has.
 */
export function reasonToWait(stream: RevocationStream, chunk: number, bound: number): string | null {
  const required: readonly string[] = alwaysRequiredGroups;
  for (const group of stream.groups) {
    if (!group.used && !required.includes(group.name)) continue;
    const unread = group.lag ?? stream.length;
    if (unread + chunk > bound - margin)
      return `${group.name} has ${unread} unread entries; ${chunk} more could push unread ones out of the stream, so publishing waits for it`;
  }
  return null;
}
