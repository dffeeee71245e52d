import { expect, test } from "vitest";
import { lineChartData } from "@/components/charts/line-chart-data";
import type { Series, SeriesPoint } from "@/server/live/snapshot";

const history = (entries: Record<string, readonly SeriesPoint[]>): ReadonlyMap<string, Series> =>
  new Map(Object.entries(entries).map(([key, points]) => [key, { key, points }]));
const lines = [
  { key: "a", label: "A" },
  { key: "b", label: "B" },
];

test("two series meet on one axis; a missing value is a gap, never zero", () => {
  const data = lineChartData(
    lines,
    history({
      a: [
        [1_000, 5],
        [2_000, null],
        [3_000, 7],
      ],
      b: [[1_020, 1]],
    }),
    60_000,
    1,
  );
  expect(data.rows).toEqual([
    { at: 1_000, v0: 5, v1: 1 },
    { at: 2_000, v0: null, v1: null },
    { at: 3_000, v0: 7, v1: null },
  ]);
  expect(data.lines.map((line) => [line.last, line.max])).toEqual([
    [7, 7],
    [1, 1],
  ]);
});

test("a silence becomes a gap instead of a line across it", () => {
  const points: SeriesPoint[] = [
    [1_000, 1],
    [2_000, 1],
    [3_000, 1],
    [30_000, 2],
    [31_000, 2],
  ];
  const data = lineChartData(lines.slice(0, 1), history({ a: points }), 60_000, 1);
  expect(data.rows).toContainEqual({ at: 4_000, v0: null });
});

test("what is outside the window, or not known, is empty", () => {
  const data = lineChartData(lines, history({ a: [[1_000, 5]] }), 10_000_000, 15);
  expect(data).toMatchObject({ rows: [], empty: true });
});
