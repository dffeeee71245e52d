import { expect, test } from "vitest";
import { compareIds, idBefore, idMillis } from "@/components/charts/stream-id";

test("ids are compared as numbers, not as text", () => {
  expect(compareIds("9-0", "10-0")).toBeLessThan(0);
  expect(compareIds("10-9", "10-10")).toBeLessThan(0);
  expect(compareIds("10-18446744073709551615", "10-18446744073709551614")).toBeGreaterThan(0);
  expect(compareIds("10-1", "10-1")).toBe(0);
  expect(idMillis("1795465374026-3")).toBe(1_795_465_374_026);
});

test("the id before another is what an exclusive start needs", () => {
  expect(idBefore("10-3")).toBe("10-2");
  expect(idBefore("10-0")).toBe("9-18446744073709551615");
  expect(idBefore("0-0")).toBe("0-0");
});
