import fc from "fast-check";
import { expect, test } from "vitest";
import { parameterRows } from "@/components/approvals/parameter-rows";
import type { Json } from "@/server/approvals/approved-action";

test("every leaf is a row under its path", () => {
  expect(parameterRows({ zoneId: "z1", subjects: ["a", "b"], whole: false, limit: 3, note: null })).toEqual([
    { path: "zoneId", kind: "text", value: "z1" },
    { path: "subjects[0]", kind: "text", value: "a" },
    { path: "subjects[1]", kind: "text", value: "b" },
    { path: "whole", kind: "yes-no", value: "no" },
    { path: "limit", kind: "number", value: "3" },
    { path: "note", kind: "nothing", value: "nothing" },
  ]);
});

test("what is empty is said, not left out", () => {
  expect(parameterRows({})).toEqual([{ path: "", kind: "empty-object", value: "no parameters" }]);
  expect(parameterRows({ subjects: [] })).toEqual([{ path: "subjects", kind: "empty-list", value: "empty list" }]);
});

test("a key that imitates a path does not pass for one", () => {
  const [imitated] = parameterRows({ "a.b": "x" });
  const [nested] = parameterRows({ a: { b: "x" } });
  expect(imitated?.path).toBe('["a.b"]');
  expect(nested?.path).toBe("a.b");
});

test("parameters that differ give rows that differ", () => {
  const anyJson = fc
    .jsonValue({ maxDepth: 3, noUnicodeString: false })
    .map((value) => JSON.parse(JSON.stringify(value)) as Json);
  const canonical = (value: Json): string =>
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    );
  const sorted = (value: Json) =>
    JSON.stringify([...parameterRows(value)].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)));
  fc.assert(
    fc.property(anyJson, anyJson, (one, other) => {
      expect(sorted(one) === sorted(other)).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 2_000 },
  );
});
