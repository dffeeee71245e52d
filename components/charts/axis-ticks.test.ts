import { expect, test } from "vitest";
import { countTicks, minuteTicks } from "@/components/charts/axis-ticks";

test("count ticks are whole, even and reach above the highest value", () => {
  expect(countTicks(0)).toEqual([0, 1, 2]);
  expect(countTicks(3)).toEqual([0, 1, 2, 3]);
  expect(countTicks(16)).toEqual([0, 5, 10, 15, 20]);
  expect(countTicks(550)).toEqual([0, 200, 400, 600]);
  expect(countTicks(12_345)).toEqual([0, 5_000, 10_000, 15_000]);
});

test("time ticks are whole minutes inside the window", () => {
  const quarter = minuteTicks(30_000, 930_000);
  expect(quarter).toEqual([300_000, 600_000, 900_000]);
  const hour = 3_600_000;
  expect(minuteTicks(0, 3 * hour)).toEqual([0, hour, 2 * hour, 3 * hour]);
  expect(minuteTicks(0, 20 * 24 * hour)).toHaveLength(5); // of weeks too there are about four
});
