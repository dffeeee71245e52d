import type { StreamState } from "@/server/live/snapshot";

export type GroupMotion = {
  note(streams: readonly StreamState[], now: number): void;
  /** Since when a group has had unread entries without moving; null while it moves or has read everything. */
  stillSince(stream: string, group: string): number | null;
};

/** Remembers when each group last moved, so that a group which stands still can be told from one that is merely behind. */
export function createGroupMotion(): GroupMotion {
  const seen = new Map<string, { id: string; at: number }>();
  return {
    note(streams, now) {
      for (const { name, groups } of streams) {
        for (const { group, lastDeliveredId, verdict } of groups) {
          const key = `${name}\n${group}`;
          if (verdict !== "behind" && verdict !== "lost") seen.delete(key);
          else if (seen.get(key)?.id !== lastDeliveredId) seen.set(key, { id: lastDeliveredId, at: now });
        }
      }
    },
    stillSince: (stream, group) => seen.get(`${stream}\n${group}`)?.at ?? null,
  };
}
