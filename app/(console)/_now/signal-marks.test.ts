import { expect, test } from "vitest";
import type { Signal } from "@/server/live/snapshot";
import { type SignalMark, splitSnoozed } from "./signal-marks";

const now = Date.parse("2026-11-24T02:00:00.000Z");
const signal = (key: string): Signal => ({
  key,
  rule: "dlq-growing",
  severity: "P2",
  sentence: key,
  meaning: "",
  since: now,
  figures: [],
  series: null,
  action: null,
  noise: null,
  declaredBy: null,
  stale: false,
});
const snoozed = (key: string, until: number): SignalMark => ({
  key,
  acked: null,
  snoozed: { by: "Dana", until: new Date(until).toISOString(), reason: "known" },
  incident: null,
});

test("a snoozed signal is folded away until its time is over, and never lost", () => {
  const marks = new Map([snoozed("a", now + 1_000), snoozed("b", now)].map((mark) => [mark.key, mark]));
  const split = splitSnoozed([signal("a"), signal("b"), signal("c")], marks, now);
  expect(split.shown.map((item) => item.key)).toEqual(["b", "c"]);
  expect(split.snoozed.map((item) => item.key)).toEqual(["a"]);
});
