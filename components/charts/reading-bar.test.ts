import { expect, test } from "vitest";
import { aGroup, aStream } from "@/components/charts/a-stream.test-data";
import { readingBar } from "@/components/charts/reading-bar";
import { readingWords } from "@/components/charts/reading-words";
import type { GroupState } from "@/server/live/snapshot";

const kinds = (group: GroupState, others: readonly GroupState[] = []) => {
  const stream = aStream([group, ...others]);
  return readingBar(stream, group).regions.map((region) => [
    region.kind,
    Math.round(region.from * 1000),
    Math.round(region.to * 1000),
  ]);
};

test("everything read is one stretch", () => {
  expect(kinds(aGroup())).toEqual([["read", 0, 1000]]);
});

test("unread begins where delivery stopped, and its ids are what a click shows", () => {
  const group = aGroup({ lastDeliveredId: "1600-0", lag: 4, verdict: "behind" });
  expect(kinds(group)).toEqual([
    ["read", 0, 600],
    ["unread", 600, 1000],
  ]);
  expect(readingBar(aStream([group]), group).regions[1]).toMatchObject({ fromId: "1600-0", toId: "2000-0" });
});

test("one entry behind in the same millisecond still shows", () => {
  expect(kinds(aGroup({ lastDeliveredId: "1999-9", lag: 1, verdict: "behind" })).at(-1)?.[0]).toBe("unread");
});

test("a single poison entry is a sliver at its own place, read on both sides", () => {
  const group = aGroup({
    pending: 1,
    oldestPendingId: "1300-0",
    oldestPendingIdleMs: 842_000,
    pendingSample: [{ id: "1300-0", consumer: "c", idleMs: 842_000, deliveries: 1 }],
    verdict: "pending",
  });
  expect(kinds(group)).toEqual([
    ["read", 0, 300],
    ["pending", 300, 312],
    ["read", 312, 1000],
  ]);
});

test("pending beyond the sample reaches to the last delivered entry", () => {
  const group = aGroup({
    lastDeliveredId: "1800-0",
    pending: 500,
    oldestPendingId: "1500-0",
    pendingSample: [{ id: "1500-0", consumer: "c", idleMs: 1, deliveries: 1 }],
    lag: 2,
    verdict: "behind",
  });
  expect(kinds(group)).toEqual([
    ["read", 0, 500],
    ["pending", 500, 800],
    ["unread", 800, 1000],
  ]);
});

test("what was trimmed unread stands before the axis, for every group of the stream alike", () => {
  const lost = aGroup({ lastDeliveredId: "400-0", lag: null, lost: true, verdict: "lost" });
  const well = aGroup({ group: "sts-revocation" });
  expect(kinds(lost, [well])).toEqual([
    ["lost", 0, 80],
    ["unread", 80, 1000],
  ]);
  expect(kinds(well, [lost])).toEqual([["read", 80, 1000]]);
});

test("a group that was never used has no bar and is not called lagging", () => {
  const group = aGroup({ lastDeliveredId: "0-0", lag: 10, verdict: "never-used" });
  expect(readingBar(aStream([group]), group)).toEqual({ regions: [], neverUsed: true });
  expect(readingWords(group)).not.toContain("behind");
});

test("an empty stream has nothing to draw", () => {
  const group = aGroup({ lastDeliveredId: "0-0" });
  expect(readingBar(aStream([group], { length: 0, firstId: null, lastId: "0-0" }), group).regions).toEqual([]);
});

test("a stream of one entry is read or unread as a whole", () => {
  const one = { length: 1, firstId: "2000-0", lastId: "2000-0" };
  const unread = aGroup({ lastDeliveredId: "0-0", lag: 1, verdict: "behind" });
  expect(readingBar(aStream([unread], one), unread).regions.map((region) => region.kind)).toEqual(["unread"]);
  expect(readingBar(aStream([aGroup()], one), aGroup()).regions.map((region) => region.kind)).toEqual(["read"]);
});

test("words name the lag, the pending age and who is silent", () => {
  const consumer = (name: string, idleMs: number) => ({ name, pending: 0, idleMs, inactiveMs: null });
  expect(
    readingWords(aGroup({ lag: 212, verdict: "behind", consumers: [consumer("a", 100), consumer("b", 540_000)] })),
  ).toBe("212 behind · 2 consumers, 1 silent 9 min 00 s");
  expect(readingWords(aGroup({ pending: 1, oldestPendingIdleMs: 842_000, verdict: "pending" }))).toBe(
    "all read · 1 pending, 14 min 02 s",
  );
  expect(readingWords(aGroup({ lag: null, verdict: "behind" }))).toContain("cannot be counted");
});
