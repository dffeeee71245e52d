import { expect, test } from "vitest";
import { addNewer, addOlder, isBehind, windowOf, withPin } from "@/components/timeline/window-model";
import type { TimelineEntry, TimelinePage } from "@/server/timeline/schemas";

const total = 12_000;
const entry = (seq: number): TimelineEntry => ({
  seq,
  at: "2026-11-24T02:00:00.000000Z",
  kind: "note.written",
  actor: { id: null, name: "Console", roles: [] },
  address: null,
  requestId: null,
  summary: `entry ${seq}`,
  details: {},
  hash: "",
  pinned: false,
});
/** What the server answers: `size` entries before or after a seq of a chain of `head`. */
function page(ask: { before?: number; after?: number }, head = total, size = 100): TimelinePage {
  const from = ask.after === undefined ? Math.max(1, (ask.before ?? head + 1) - size) : ask.after + 1;
  const to = ask.after === undefined ? (ask.before ?? head + 1) - 1 : Math.min(head, ask.after + size);
  const entries = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => entry(from + index));
  return {
    entries,
    older: from > 1 ? from : null,
    newer: to < head ? to : null,
    head: { seq: head, hash: "" },
  };
}
const seqs = (window: { entries: readonly TimelineEntry[] }) => window.entries.map((item) => item.seq);

test("walking to the beginning of a long timeline and back shows every entry once and never holds more than the limit", () => {
  let window = windowOf(page({}));
  const seen = new Set(seqs(window));
  while (window.older !== null) {
    window = addOlder(window, page({ before: window.older }));
    for (const seq of seqs(window)) seen.add(seq);
    expect(window.entries.length).toBeLessThanOrEqual(400);
  }
  expect(seen.size).toBe(total);
  expect(seqs(window)[0]).toBe(1);
  expect(window.newer).toBe(400);
  const back = new Set(seqs(window));
  while (window.newer !== null) {
    window = addNewer(window, page({ after: window.newer }));
    for (const seq of seqs(window)) back.add(seq);
    expect(window.entries.length).toBeLessThanOrEqual(400);
  }
  expect(back.size).toBe(total);
  expect(seqs(window).at(-1)).toBe(total);
  expect(window.older).toBe(total - 399);
});

test("entries that come twice are kept once, in order", () => {
  const window = windowOf(page({}, 10));
  const grown = addNewer(window, { ...page({ after: 8 }, 12), newer: null });
  expect(seqs(grown)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(grown.head).toBe(12);
});

test("it grows by itself only when it ends at the newest", () => {
  const atEnd = windowOf(page({}, 10));
  expect(isBehind(atEnd, 11)).toBe(true);
  expect(isBehind(atEnd, 10)).toBe(false);
  expect(isBehind(windowOf(page({ before: 6 }, 10)), 11)).toBe(false);
});

test("a pin marks its own entry only", () => {
  const pinned = withPin(windowOf(page({}, 3)), 2, true);
  expect(pinned.entries.map((item) => item.pinned)).toEqual([false, true, false]);
});
