import type { TimelineEntry, TimelinePage } from "@/server/timeline/schemas";

/** The part of a timeline that a page holds: never more than `most` entries, with where to ask on at both ends. */
export type TimelineWindow = {
  readonly entries: readonly TimelineEntry[]; // oldest first
  readonly older: number | null; // ask for entries before this; null: the beginning is here
  readonly newer: number | null; // ask for entries after this; null: the newest is here
  readonly head: number; // seq of the newest entry that exists, as far as is known
};

/** How many entries stay drawn at once: enough to scroll through, few enough for an old phone. */
export const most = 400;

/** The window that one page makes. */
export function windowOf(page: TimelinePage): TimelineWindow {
  return { entries: page.entries, older: page.older, newer: page.newer, head: page.head.seq };
}

/** The page before the window put in front; what no longer fits leaves at the newer end and can be asked for again. */
export function addOlder(window: TimelineWindow, page: TimelinePage, limit = most): TimelineWindow {
  const first = window.entries[0]?.seq ?? Number.POSITIVE_INFINITY;
  const all = [...page.entries.filter((entry) => entry.seq < first), ...window.entries];
  const kept = all.slice(0, limit);
  return {
    entries: kept,
    older: page.older,
    newer: kept.length < all.length ? (kept.at(-1)?.seq ?? window.newer) : window.newer,
    head: Math.max(window.head, page.head.seq),
  };
}

/** The page after the window put behind; what no longer fits leaves at the older end. */
export function addNewer(window: TimelineWindow, page: TimelinePage, limit = most): TimelineWindow {
  const last = window.entries.at(-1)?.seq ?? 0;
  const all = [...window.entries, ...page.entries.filter((entry) => entry.seq > last)];
  const kept = all.slice(-limit);
  return {
    entries: kept,
    older: kept.length < all.length ? (kept[0]?.seq ?? window.older) : window.older,
    newer: page.newer,
    head: Math.max(window.head, page.head.seq),
  };
}

/** Marks entries as pinned or not, without asking for the page again. */
export function withPin(window: TimelineWindow, seq: number, pinned: boolean): TimelineWindow {
  return {
    ...window,
    entries: window.entries.map((entry) => (entry.seq === seq ? { ...entry, pinned } : entry)),
  };
}

/** True when the window ends at the newest entry and something newer exists: the only time it grows by itself. */
export function isBehind(window: TimelineWindow, headSeq: number): boolean {
  return window.newer === null && headSeq > window.head;
}
