import { expect, test } from "vitest";
import { perMinute } from "@/components/charts/counter-rate";

test("a count becomes its rate a minute, read over the last half minute at most", () => {
  const { points } = perMinute({
    key: "a",
    points: [
      [0, 10],
      [5_000, 15],
      [10_000, 15],
    ],
  });
  expect(points).toEqual([
    [5_000, 60],
    [10_000, 30],
  ]);
});

test("a restart and a gap have no rate", () => {
  const { points } = perMinute({
    key: "a",
    points: [
      [0, 10],
      [5_000, 2],
      [10_000, null],
      [15_000, 4],
      [20_000, 5],
    ],
  });
  expect(points).toEqual([
    [5_000, null],
    [10_000, null],
    [15_000, null],
    [20_000, 12],
  ]);
});
