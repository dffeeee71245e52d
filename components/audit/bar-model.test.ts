import { expect, it } from "vitest";
import { barSentence, zoomed } from "./bar-model";

const bar = { first: 1, last: 1_000, from: 1, to: 1_000 };

it("zooms into a part, out again, and never beyond the chain", () => {
  expect(zoomed(bar, { from: 0.25, to: 0.75 })).toEqual({ from: 251, to: 750 });
  expect(zoomed({ ...bar, from: 251, to: 750 }, { from: -0.5, to: 1.5 })).toBeNull();
  expect(zoomed({ ...bar, from: 1, to: 100 }, { from: -0.25, to: 0.75 })).toEqual({ from: 1, to: 75 });
  expect(zoomed({ ...bar, from: 10, to: 10 }, { from: 0.25, to: 0.75 })).toEqual({ from: 10, to: 10 });
});

it("says what it shows", () => {
  const pieces = [
    { from: 1, to: 5, state: "proved" as const, bad: 0 },
    { from: 6, to: 10, state: "missing" as const, bad: 2 },
    { from: 11, to: 15, state: "missing" as const, bad: 1 },
  ];
  expect(barSentence({ from: 1, to: 15, pieces })).toBe("Seq 1 to 15: proved, rows missing (3)");
});
