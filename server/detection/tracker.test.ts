import { describe, expect, it } from "vitest";
import { createSignalTracker } from "./tracker";

describe("tracker", () => {
  const finding = (over = {}) => ({
    key: "k",
    rule: "r",
    severity: "P2" as const,
    source: "s",
    sentence: "",
    meaning: "",
    figures: [],
    action: null,
    ...over,
  });

  it("shows a finding once it held, keeps it while it settles, and remembers since when", () => {
    const tracker = createSignalTracker();
    const flaky = finding({ holdMs: 5_000, settleMs: 3_000 });
    expect(tracker.update([flaky], 0, () => true)).toEqual([]);
    expect(tracker.update([flaky], 5_000, () => true)[0]?.since).toBe(0);
    expect(tracker.update([], 7_000, () => true)).toHaveLength(1);
    expect(tracker.update([], 9_000, () => true)).toEqual([]);
    expect(tracker.update([flaky], 10_000, () => true)).toEqual([]);
  });

  it("puts the worst first, known noise last, and marks what its source no longer confirms", () => {
    const rows = createSignalTracker().update(
      [
        finding({ key: "noise", severity: "P1", noise: "known" }),
        finding({ key: "p3", severity: "P3" }),
        finding({ key: "p1", severity: "P1" }),
      ],
      0,
      (id) => id !== "s",
    );
    expect(rows.map(({ key, stale }) => [key, stale])).toEqual([
      ["p1", true],
      ["p3", true],
      ["noise", true],
    ]);
  });
});
