import { expect, test } from "vitest";
import { jumpTarget } from "./jump-target";

const last = "18446744073709551615";

test("a time in UTC, a millisecond or an id leads to just before it", () => {
  expect(jumpTarget("2026-11-23 02:14")).toBe(`${Date.parse("2026-11-23T02:14:00Z") - 1}-${last}`);
  expect(jumpTarget("2026-11-23T02:14:31.250Z")).toBe(`${Date.parse("2026-11-23T02:14:31.250Z") - 1}-${last}`);
  expect(jumpTarget("1795465374026")).toBe(`1795465374025-${last}`);
  expect(jumpTarget(" 1795465374026-3 ")).toBe("1795465374026-2");
  expect(jumpTarget("1795465374026-0")).toBe(`1795465374025-${last}`);
  for (const wrong of ["", "yesterday", "0-0", "2026-13-01 00:00", "1795465374026-"])
    expect(jumpTarget(wrong)).toBeNull();
});
