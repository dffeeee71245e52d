import { expect, it } from "vitest";
import { findings } from "@/server/audit/verify/judge-row";
import { findingSentence, neededOf, progressOf, rangeWords, scopeWords, verdictOf } from "./check-words";

it("has words for every finding", () => {
  for (const finding of findings)
    for (const told of [findingSentence({ finding, witnesses: [] }), neededOf({ finding, witnesses: [] })])
      expect(told.length).toBeGreaterThan(3);
});

it("calls missing rows retention only where somebody saw their partition", () => {
  const gap = (witness: "chain" | "beginning") => ({ finding: "retention_gap", witnesses: [witness] }) as const;
  expect([findingSentence(gap("beginning")), neededOf(gap("beginning"))].join(" ")).toMatch(
    /as by retention.*nothing:/,
  );
  expect([findingSentence(gap("chain")), neededOf(gap("chain"))].join(" ")).toMatch(/or deleted.*no earlier reading/);
});

it("says whole only when nothing was tampered with and nothing is gone", () => {
  const totals = { rows: 1_200, proved: 1_200, tampered: 0, removed: 0, not_provable: 0 };
  expect(verdictOf(totals)).toBe("Whole: 1,200 of 1,200 rows proved.");
  expect(verdictOf({ ...totals, proved: 1_199, not_provable: 1 })).toBe(
    "Whole: 1,199 of 1,200 rows proved; 1 not provable.",
  );
  expect(verdictOf({ ...totals, removed: 2 })).toMatch(/^Not whole: 0 rows tampered with, 2 removed/);
});

it("says where a check is", () => {
  expect(progressOf({ state: "queued", phase: "queued", done: 0, cancelAsked: false })).toBe("Waiting for its turn.");
  expect(progressOf({ state: "running", phase: "reading rows", done: 5_000, cancelAsked: false })).toBe(
    "Reading rows: 5,000 so far.",
  );
  expect(progressOf({ state: "running", phase: "judging", done: 1, cancelAsked: true })).toBe("Being stopped.");
});

it("says what a check looks at", () => {
  expect(scopeWords({ scope: "full", window: null, scheduled: false })).toBe("whole chain");
  expect(scopeWords({ scope: "new", window: null, scheduled: true })).toBe("what is new, by the schedule");
  expect(scopeWords({ scope: "window", window: { from: "5", to: null }, scheduled: false })).toBe(
    "window from 5 to its end",
  );
  expect([rangeWords(1, 1_200), rangeWords(7, 7), rangeWords(null, null)]).toEqual(["1 to 1,200", "7", "none"]);
});
