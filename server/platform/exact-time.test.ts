import { describe, expect, it } from "vitest";
import { exactInstant, millisecondsOf, requireInstant } from "./exact-time";

describe("exact instants", () => {
  it.each([
    ["2026-11-23T20:20:20.617133Z", "2026-11-23T20:20:20.617133Z"],
    ["2026-11-23T20:20:20.617133999Z", "2026-11-23T20:20:20.617133Z"],
    ["2026-11-23T20:20:20Z", "2026-11-23T20:20:20.000000Z"],
    ["2026-11-23T20:20Z", "2026-11-23T20:20:00.000000Z"],
    ["2026-11-23T22:20:20.6+02:00", "2026-11-23T20:20:20.600000Z"],
    ["2026-01-01T00:30:00+23:00", "2025-12-31T01:30:00.000000Z"], // Postgres refuses such an offset
  ])("%s is %s", (given, expected) => expect(exactInstant(given)).toBe(expected));

  it.each([
    "",
    "2026-11-23",
    "2026-13-01T00:00:00Z",
    "2026-02-31T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00",
    "2026-11-23T25:00:00Z",
    "now()",
  ])("%s is none", (given) => {
    expect(exactInstant(given)).toBeNull();
    expect(() => requireInstant("since", given)).toThrow(/since/);
  });

  it("gives whole milliseconds for lengths", () => expect(millisecondsOf("1970-01-01T00:00:01.234567Z")).toBe(1234));
});
