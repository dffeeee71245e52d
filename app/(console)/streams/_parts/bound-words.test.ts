import { expect, test } from "vitest";
import { boundWords } from "./bound-words";

const words = (bound: number | null, seen: number | null, length: number) =>
  boundWords({ bound, boundSeen: seen === null ? null : { entries: seen, at: 0 }, length });

test("the bound that trims show is held against the one that is meant", () => {
  expect(words(10_000, null, 2_808)).toMatchObject({ text: "bound 10,000, no trim seen", drift: false });
  expect(words(10_000, null, 12_000)).toMatchObject({ text: "over its bound 10,000, no trim seen", drift: true });
  expect(words(10_000, 100_040, 100_040)).toMatchObject({
    text: "trimmed at about 100,040, meant 10,000",
    drift: true,
  });
  expect(words(1_000_000, 100_000, 100_000)?.meaning).toContain("sooner than is meant");
  expect(words(100_000, 100_099, 100_020)).toMatchObject({ text: "bound 100,000", drift: false });
  expect(words(null, null, 5)).toBeNull();
  expect(words(null, 500, 500)).toMatchObject({ text: "trimmed at about 500", drift: false });
});
