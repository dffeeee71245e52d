import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteRangeOf } from "@/server/evidence/vault/byte-range";

const of = (range: string | null, ifRange: string | null = null, size = 100) =>
  byteRangeOf({ range, ifRange }, '"a"', size);

describe("the range of a request", () => {
  test("one range of bytes, from, up to, or the last ones", () => {
    expect(of("bytes=0-0")).toEqual({ from: 0, to: 0 });
    expect(of("bytes=40-")).toEqual({ from: 40, to: 99 });
    expect(of("bytes=40-4000")).toEqual({ from: 40, to: 99 });
    expect(of("bytes=-10")).toEqual({ from: 90, to: 99 });
    expect(of("bytes=-1000")).toEqual({ from: 0, to: 99 });
  });

  test("what begins after the end is refused, also of an empty file", () => {
    expect(of("bytes=100-")).toBe("unsatisfiable");
    expect(of("bytes=-0")).toBe("unsatisfiable");
    expect(of("bytes=0-", null, 0)).toBe("unsatisfiable");
  });

  test("what is no single range of bytes is the whole", () => {
    for (const range of [null, "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "0-5"])
      expect([range, of(range)]).toEqual([range, null]);
  });

  test("with If-Range only for the very file that was begun", () => {
    expect(of("bytes=40-", '"a"')).toEqual({ from: 40, to: 99 });
    expect(of("bytes=40-", '"b"')).toBeNull();
    expect(of("bytes=40-", "Wed, 21 Oct 2015 07:28:00 GMT")).toBeNull();
  });

  test("pieces that a client asks for one after the other are the whole file, whatever their sizes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60 }), (size, piece) => {
        let next = 0;
        while (next < size) {
          const range = of(`bytes=${next}-${next + piece - 1}`, '"a"', size);
          if (range === null || range === "unsatisfiable" || range.from !== next || range.to >= size) return false;
          next = range.to + 1;
        }
        return next === size;
      }),
    );
  });
});
