import { describe, expect, it } from "vitest";
import { parseUtc } from "@/components/lib/utc";
import { auditWindow } from "./audit-window";

const asOf = Date.parse("2026-11-23T02:14:31.000Z");
const none = { preset: "1h", since: null, until: null, text: null } as const;

describe("the audit window", () => {
  it("ends a preset at the given moment, page after page", () => {
    expect(auditWindow(none, asOf)).toEqual({
      ok: true,
      since: "2026-11-23T01:14:31.000Z",
      until: "2026-11-23T02:14:31.000Z",
    });
  });
  it("takes typed times as UTC", () => {
    expect(auditWindow({ ...none, since: "2026-11-22 10:00", until: "2026-11-22T11:30:05Z" }, asOf)).toEqual({
      ok: true,
      since: "2026-11-22T10:00:00.000Z",
      until: "2026-11-22T11:30:05.000Z",
    });
  });
  it.each([
    [{ since: "yesterday", until: null }, "taken as UTC"],
    [{ since: "2026-11-23 03:00", until: "2026-11-23 02:00" }, "ends before it begins"],
    [{ since: "2026-09-01", until: "2026-11-23" }, "31 days"],
  ])("refuses %j in words", (typed, words) => {
    const answer = auditWindow({ ...none, ...typed }, asOf);
    expect(answer.ok ? "" : answer.problem).toContain(words);
  });
  it("keeps a text search to 24 hours", () => {
    expect(auditWindow({ ...none, preset: "24h", text: "abc" }, asOf).ok).toBe(true);
    expect(auditWindow({ ...none, preset: "7d", text: "abc" }, asOf).ok).toBe(false);
  });
});

describe("times as typed", () => {
  it("reads dates, minutes, seconds and fractions, and nothing else", () => {
    expect(parseUtc("2026-11-23")).toBe(Date.parse("2026-11-23T00:00:00Z"));
    expect(parseUtc("2026-11-23 02:14:31.25 UTC")).toBe(Date.parse("2026-11-23T02:14:31.250Z"));
    expect(parseUtc("2026-13-40")).toBeNull();
    expect(parseUtc("23.11.2026")).toBeNull();
  });
});
