import { expect, test } from "vitest";
import { seriesOfReplica, seriesOfStream } from "@/components/watches/series-of";
import { watchChartData } from "@/components/watches/watch-chart-data";
import type { WatchView } from "@/server/watches/schemas";

const watch = (points: WatchView["points"]): WatchView => ({
  id: "w",
  series: "total:pending",
  label: "pending entries of all groups",
  pinnedBy: "dana",
  pinnedAt: "2026-11-28T02:00:00.000Z",
  unpinnedBy: null,
  unpinnedAt: null,
  points,
  lowest: 1,
  highest: 9,
  last: 9,
  full: false,
});

test("gaps are those that were recorded: what was thinned to an hour apart is one line", () => {
  const hour = 3_600_000;
  const { rows, from, until, empty } = watchChartData(
    watch([
      [0, 1],
      [hour, 4],
      [2 * hour, null],
      [3 * hour, 9],
      [3 * hour + 10_000, 9],
    ]),
  );
  expect(rows.map(({ v0 }) => v0)).toEqual([1, 4, null, 9, 9]);
  expect([from, until, empty]).toEqual([0, 3 * hour + 10_000, false]);
});

test("one sample still has an axis of a minute, none is said as none", () => {
  expect(watchChartData(watch([[5_000, 1]]))).toMatchObject({ from: 5_000, until: 65_000 });
  expect(watchChartData({ ...watch([]), highest: null })).toMatchObject({ rows: [], empty: true });
});

test("what can be watched of a stream and of a replica are series that the collector keeps", () => {
  const group = { group: "audit-ingestor" };
  expect(seriesOfStream({ name: "a", groups: [group] as never })).toEqual([
    "stream:a:length",
    "stream:a:rate",
    "group:a:audit-ingestor:pending",
    "group:a:audit-ingestor:unread",
  ]);
  expect(seriesOfReplica({ id: "audit-1", metrics: { dlq_total: 1, something: 2, consumer_lag: 3 } })).toEqual([
    "replica:audit-1:ready",
    "replica:audit-1:consumer_lag",
    "replica:audit-1:dlq_total",
  ]);
});
