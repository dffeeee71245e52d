import { expect, test } from "vitest";
import { idleHeat, idleSteps } from "./idle-heat";

const consumer = (name: string, idleMs: number, pending = 0) => ({ name, idleMs, pending, inactiveMs: null });

test("each consumer stands at the step of its silence, the longest first, and those that hold something are counted apart", () => {
  const { cells, counts } = idleHeat([
    consumer("b-alive", 0),
    consumer("c-silent", 60_000, 3),
    consumer("a-left", 90_000_000, 1),
    consumer("a-alive", 9_999),
    consumer("d-edge", 10_000),
  ]);
  expect(cells.map(({ name, step }) => [name, idleSteps[step]?.label])).toEqual([
    ["a-left", "1d+"],
    ["c-silent", "<10m"],
    ["d-edge", "<1m"],
    ["a-alive", "<10s"],
    ["b-alive", "<10s"],
  ]);
  expect(counts.map(({ consumers, holding }) => [consumers, holding])).toEqual([
    [2, 0],
    [1, 0],
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
});
