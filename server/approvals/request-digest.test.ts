import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, readCanonical } from "@/server/approvals/canonical-json";
import { type Bound, requestDigest, targetsDigestOf } from "@/server/approvals/request-digest";

const wellFormed = (value: unknown): boolean => {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
};
const carried = fc.jsonValue({ maxDepth: 4 }).filter(wellFormed);

/** The same value with the members of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, turned(item)]),
  );
}

describe("canonical JSON", () => {
  test("keeps the value, does not depend on the order of members, and reads back only its own text", () => {
    fc.assert(
      fc.property(carried, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalJson(turned(value))).toBe(text);
        expect(canonicalJson(readCanonical(text))).toBe(text);
        expect(() => readCanonical(`${text} `)).toThrow(/canonical/);
      }),
    );
  });

  test("sorts by UTF-16 code unit, without a space", () => {
    expect(canonicalJson({ b: 1, a: [true, null, "ö\n"], "\u{1f600}": 2, "\uffee": 3 })).toBe(
      '{"a":[true,null,"ö\\n"],"b":1,"\u{1f600}":2,"\uffee":3}',
    );
  });

  test("text with a member named twice is not its own text", () => {
    expect(() => readCanonical('{"a":1,"a":2}')).toThrow(/canonical/);
  });

  test.each([
    undefined,
    Number.NaN,
    Infinity,
    -0,
    1n,
    "\ud800",
    new Date(),
    { a: undefined },
    new Array(2),
    new Map(),
    () => 1,
  ])("refuses %s", (value) => {
    expect(() => canonicalJson({ inside: value })).toThrow(TypeError);
  });

  test("refuses what holds itself", () => {
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    expect(() => canonicalJson(ring)).toThrow(/deeply/);
  });
});

describe("the digest of a request", () => {
  const bound: Bound = {
    action: "freeze-zone",
    severity: "P1",
    parameters: { zoneId: "z-1" },
    targetsDigest: targetsDigestOf(["a", "b"]),
    preconditions: { policies: 3 },
    incident: null,
    playbookVersion: "1",
    requester: "11111111-1111-4111-8111-111111111111",
    nonce: "n",
    expiresAt: "2026-11-24T03:00:00.000001Z",
    reason: "The secret is known",
    votesNeeded: 1,
    securityNeeded: false,
    investigationReason: null,
  };

  test.each(Object.keys(bound) as (keyof Bound)[])("changes with %s", (member) => {
    expect(requestDigest({ ...bound, [member]: "something else" })).not.toBe(requestDigest(bound));
  });

  test("the frozen list counts with its order, and items do not run together", () => {
    const all = [["a", "b"], ["b", "a"], ["a,b"], ["a", "b", ""], []].map(targetsDigestOf);
    expect(new Set(all).size).toBe(all.length);
  });
});
