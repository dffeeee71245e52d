import { expect, test } from "vitest";
import type { Signal } from "@/server/live/snapshot";
import { holdOrder, splitSignals } from "./signal-order";

const signal = (key: string, severity: Signal["severity"], since: number, noise: string | null = null): Signal => ({
  key,
  rule: key,
  severity,
  sentence: key,
  meaning: "",
  since,
  figures: [],
  series: null,
  action: null,
  noise,
  declaredBy: null,
  stale: false,
});
const keys = (signals: readonly Signal[]) => signals.map((one) => one.key);

test("worst first, then the longest standing; noise stays apart", () => {
  const { wrong, noise } = splitSignals([
    signal("b", "P2", 50),
    signal("sweep", "P2", 1, "trap 8"),
    signal("c", "P3", 1),
    signal("a", "P1", 90),
    signal("d", "P2", 10),
  ]);
  expect(keys(wrong)).toEqual(["a", "d", "b", "c"]);
  expect(keys(noise)).toEqual(["sweep"]);
});

test("while held nothing moves: new ones go below, ended ones leave, figures are the newest", () => {
  const before = [signal("a", "P1", 1), signal("b", "P2", 2), signal("c", "P3", 3)];
  const after = [signal("new", "P1", 9), signal("c", "P1", 3), signal("a", "P1", 1)];
  const shown = holdOrder(keys(before), after);
  expect(keys(shown)).toEqual(["a", "c", "new"]);
  expect(shown[1]?.severity).toBe("P1");
});
