import { describe, expect, it } from "vitest";
import { createHistory } from "./history";

const fill = (values: readonly (number | null)[], stepMs = 1_000) => {
  const history = createHistory();
  values.forEach((value, index) => void history.push(index * stepMs, new Map([["k", value]])));
  return history;
};

describe("history", () => {
  it("keeps gaps as null and never as zero", () => {
    const [series] = fill([1, null, 3]).series(["k", "unknown"], 15, 3_000);
    expect(series?.points.map(([, value]) => value)).toEqual([1, null, 3]);
    expect(fill([1, 2]).series(["unknown"], 15, 2_000)).toEqual([]);
  });

  it("shows silence of the collector itself as a gap", () => {
    const history = createHistory();
    for (const at of [0, 1_000, 60_000]) history.push(at, new Map([["k", 5]]));
    expect(history.series(["k"], 15, 60_000)[0]?.points.map(([, value]) => value)).toEqual([5, 5, null, 5]);
  });

  it("holds at least 15 minutes of one a second and answers with at most about 240 points", () => {
    const history = fill(Array.from({ length: 3_000 }, (_, index) => index));
    const points = history.series(["k"], 15, 2_999_000)[0]?.points ?? [];
    expect(points.length).toBeLessThanOrEqual(242);
    expect(points.at(-1)).toEqual([2_999_000, 2_999]);
    expect(points[0]?.[0]).toBeLessThan(2_999_000 - 14.9 * 60_000);
  });

  it("counts a rise over a restart, and looks back", () => {
    const history = fill([5, 7, null, 1, 4]);
    expect(history.increase("k", 60_000, 4_000)).toBe(2 + 1 + 3);
    expect(history.increase("k", 0, 4_000)).toBeNull();
    expect(history.past("k", 3_000, 4_000)).toBe(7);
    expect(history.past("k", 900_000, 4_000)).toBe(5);
    expect(history.past("none", 1, 4_000)).toBeNull();
  });
});
