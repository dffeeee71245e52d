import { expect, test } from "vitest";
import { formatAge, formatAgo, formatClock, formatDuration } from "@/components/lib/duration";

test("a duration keeps its two largest units and is cut, never rounded up", () => {
  expect(formatDuration(0)).toBe("0 s");
  expect(formatDuration(340)).toBe("340 ms");
  expect(formatDuration(59_999)).toBe("59 s");
  expect(formatDuration(245_000)).toBe("4 min 05 s");
  expect(formatDuration(3_599_999)).toBe("59 min 59 s");
  expect(formatDuration(7_500_000)).toBe("2 h 05 min");
  expect(formatDuration(86_399_000)).toBe("23 h 59 min");
  expect(formatDuration(3 * 86_400_000 + 4.9 * 3_600_000)).toBe("3 d 4 h");
  expect(formatDuration(-5)).toBe("0 s");
});

test("an age is in whole seconds", () => {
  expect(formatAge(999)).toBe("0 s");
  expect(formatAge(12_700)).toBe("12 s");
});

test("what is to come never reads as over", () => {
  expect(formatAgo(10_000, 22_400)).toBe("12 s ago");
  expect(formatAgo(22_400, 10_000)).toBe("in 13 s");
  expect(formatAgo(11_501, 10_000)).toBe("in 2 s");
});

test("this very moment is now, also when two clocks differ a little", () => {
  expect(formatAgo(10_000, 10_999)).toBe("now");
  expect(formatAgo(10_001, 10_000)).toBe("now");
  expect(formatAgo(10_000, 11_000)).toBe("1 s ago");
});

test("a countdown shows zero only when it is over", () => {
  expect(formatClock(2_530_000)).toBe("00:42:10");
  expect(formatClock(999, "down")).toBe("00:00:01");
  expect(formatClock(0, "down")).toBe("00:00:00");
  expect(formatClock(51 * 3_600_000)).toBe("51:00:00");
});
