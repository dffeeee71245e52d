import { afterEach, expect, test, vi } from "vitest";
import { recentReadings } from "@/server/evidence/vault/recent-readings";

afterEach(() => void vi.useRealTimers());

test("a reading holds for five minutes, of the same copy, while its store says the same of it", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const readings = recentReadings();
  const at = Date.now();
  readings.note("a", { stamp: "1", at });
  expect(readings.of("a", "1")).toBe(at);
  expect(readings.of("a", "2")).toBeNull();
  expect(readings.of("a", null)).toBeNull();
  expect(readings.of("b", "1")).toBeNull();
  vi.setSystemTime(at + 5 * 60_000 - 1);
  expect(readings.of("a", "1")).toBe(at);
  vi.setSystemTime(at + 5 * 60_000);
  expect(readings.of("a", "1")).toBeNull();
});

test("a thousand are remembered, the newest", () => {
  const readings = recentReadings();
  for (let n = 0; n <= 1_000; n += 1) readings.note(`${n}`, { stamp: "", at: Date.now() });
  expect(readings.of("0", "")).toBeNull();
  expect(readings.of("1", "")).not.toBeNull();
});
