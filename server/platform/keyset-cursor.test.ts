import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "./errors";
import { decodeCursor, encodeCursor, oneKey, timeAndId } from "./keyset-cursor";

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return "accepted";
};

describe("keyset cursors", () => {
  it("come back as they were, whatever the order of the filter's names", () => {
    const cursor = encodeCursor("sessions", { zoneId: "z", state: "live", subjectId: undefined }, ["01a2"]);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor("sessions", { state: "live", zoneId: "z" }, cursor, oneKey)).toEqual(["01a2"]);
    expect(decodeCursor("sessions", {}, null, oneKey)).toBeNull();
  });

  it("of another list, filter, version or shape are stale", () => {
    const cursor = encodeCursor("sessions", { zoneId: "z" }, ["01a2"]);
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const digest = JSON.parse(Buffer.from(cursor, "base64url").toString()).f;
    expect(refusal(() => decodeCursor("sessions", { zoneId: "y" }, cursor, oneKey))).toBe("stale_cursor");
    expect(refusal(() => decodeCursor("zones", { zoneId: "z" }, cursor, oneKey))).toBe("stale_cursor");
    for (const bad of [
      "",
      "null",
      cursor.slice(3),
      forged({ v: 2, f: digest, p: ["a"] }),
      forged({ v: 1, f: digest, p: ["a", "b"] }),
      forged({ v: 1, f: digest, p: ["nul\u0000"] }),
      forged({ v: 1, f: digest, p: [7] }),
      forged({ v: 1, f: digest, p: ["x".repeat(301)] }),
    ])
      expect(
        refusal(() => decodeCursor("sessions", { zoneId: "z" }, bad, oneKey)),
        bad,
      ).toBe("stale_cursor");
  });

  it("made of any text are stale, never another failure", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String()), (text) => {
        expect(refusal(() => decodeCursor("zones", {}, text, oneKey))).toBe("stale_cursor");
      }),
    );
  });

  it.each([
    ["2026-99-99T00:00:00.000000Z", "3f0e8c7a-0000-4000-8000-000000000000"],
    ["Mon 1", "3f0e8c7a-0000-4000-8000-000000000000"],
    ["2026-11-23T00:00:00.000000Z", "-".repeat(36)],
    ["2026-11-23T00:00:00.000000Z"],
  ])("with a time or an id that is none are stale: %s", (...position) => {
    const cursor = encodeCursor("runs", {}, position);
    expect(refusal(() => decodeCursor("runs", {}, cursor, timeAndId))).toBe("stale_cursor");
  });
});
