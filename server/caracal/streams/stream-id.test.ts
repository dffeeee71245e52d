import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareStreamIds, parseStreamId, predecessor, streamIdTime } from "./stream-id";

const part = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyId = fc.tuple(part, part).map(([ms, seq]) => `${ms}-${seq}`);

describe("stream ids", () => {
  it("orders by time first, then sequence, beyond what a double can hold", () => {
    expect(compareStreamIds("9-1", "10-0")).toBeLessThan(0);
    expect(compareStreamIds("10-9007199254740993", "10-9007199254740992")).toBeGreaterThan(0);
    expect(compareStreamIds("10", "10-0")).toBe(0);
  });

  it("orders any two ids one way, and every id after its predecessor with nothing between", () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(Math.sign(compareStreamIds(a, b))).toBe(-Math.sign(compareStreamIds(b, a)) + 0);
        const before = predecessor(a);
        if (before === null) return expect(a).toBe("0-0");
        expect(compareStreamIds(before, a)).toBeLessThan(0);
        expect(compareStreamIds(b, before) > 0 && compareStreamIds(b, a) < 0).toBe(false);
      }),
    );
  });

  it("refuses what is no id", () => {
    for (const text of ["", "-", "+", "1-2-3", "a-1", "-1-0", "18446744073709551616-0"]) {
      expect(parseStreamId(text)).toBeNull();
    }
    expect(streamIdTime("1795465374026-3")).toBe(1_795_465_374_026);
  });
});
