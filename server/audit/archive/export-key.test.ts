import fc from "fast-check";
import { expect, test } from "vitest";
import { hourMs, hourOfKey, keyOfHour } from "@/server/audit/archive/export-key";

test("keys: every hour's is read back, and nothing else is a key", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000 }), (n) => {
      expect(hourOfKey(keyOfHour(n * hourMs))).toBe(n * hourMs);
    }),
  );
  for (const key of ["audit/2026/02/30/2026-02-30T10.parquet", "audit/2026/11/23/2026-11-23T24.parquet", "x"])
    expect(hourOfKey(key)).toBeNull();
});
