import { expect, test } from "vitest";
import { jobTitle, progressWords, shareOf, stateWords } from "./key-job-words";

test("progress says how far, how fast and how long, as far as it is known", () => {
  const job = { kind: "re-encrypt", done: 12_000, total: 100_000, perSecond: 4_210.4, secondsLeft: 21 } as const;
  expect(progressWords(job)).toBe("12,000 of 100,000 · 4,210/s · 21 s left");
  expect(progressWords({ ...job, perSecond: null, secondsLeft: null })).toBe("12,000 of 100,000");
  expect(progressWords({ ...job, total: null, perSecond: 0, secondsLeft: null })).toBe("12,000 values");
});

test("a job that was asked to stop is stopping until it has", () => {
  expect(stateWords({ state: "running", cancelAsked: true })).toBe("stopping");
  expect(stateWords({ state: "cancelled", cancelAsked: true })).toBe("cancelled");
  expect(jobTitle({ kind: "rotate", mode: "compromise" })).toBe("Rotation after a compromise");
});

test("a share of nothing is no width", () => {
  expect(shareOf(0, 0)).toBe("0%");
  expect(shareOf(1, 4)).toBe("25%");
});
