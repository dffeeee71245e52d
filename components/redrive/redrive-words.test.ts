import { expect, test } from "vitest";
import { letterClasses, type LetterGroup } from "@/server/redrive/schemas";
import { classWords, dryRunWords, entryStateWords, progressWords, stateWords } from "./redrive-words";

const group = (what: LetterGroup["class"], count: number): LetterGroup => ({
  class: what,
  cause: "x",
  count,
  chosen: 0,
  why: "",
  examples: [],
});

test("only what is missing goes back, only what is recorded is retired", () => {
  const by = (goes: string) => letterClasses.filter((one) => classWords[one].goes === goes);
  expect([by("back"), by("retired")]).toEqual([["missing"], ["recorded"]]);
});

test("a dry run says how many go where", () => {
  expect(
    dryRunWords([group("missing", 1_204), group("recorded", 31), group("conflict", 1), group("refused", 16)]),
  ).toBe("1,204 can go back, 31 can be retired, 17 stay.");
  expect(dryRunWords([group("conflict", 1)])).toBe("None of them can go back or be retired: the one letter stays.");
});

const run = {
  state: "running",
  digest: "d",
  cancelAsked: false,
  pause: null,
  entries: 120,
  chosen: 100,
  retired: 40,
  failed: 2,
  perSecond: 20,
} as Parameters<typeof progressWords>[0];

test("progress says what is retired, what failed, how fast and how long still", () => {
  expect(progressWords(run)).toBe("40 of 100 retired, 2 failed · 20/s · 2 s left");
  expect(progressWords({ ...run, state: "cancelled" })).toBe("40 of 100 retired, 2 failed, 58 not touched.");
  expect(progressWords({ ...run, state: "cancelled", digest: null })).toContain("Nothing was moved");
});

test("who stopped it is told apart", () => {
  const paused = { ...run, state: "paused" as const };
  expect(stateWords({ ...paused, pause: { reason: "x", by: null } })).toBe("stopped by itself");
  expect(stateWords({ ...paused, pause: { reason: "x", by: "dana" } })).toBe("paused");
  expect(stateWords({ ...paused, cancelAsked: true })).toBe("ending");
});

test("a letter that nobody has started yet is said to go where it can, not to stay", () => {
  const listed = (what: LetterGroup["class"]) => ({ state: "listed" as const, action: null, class: what });
  const words = (planned: boolean) =>
    (["missing", "recorded", "conflict"] as const).map((what) => entryStateWords(listed(what), planned));
  expect(words(true)).toEqual(["can go back", "can be retired", "stays"]);
  expect(words(false)).toEqual(["not chosen", "not chosen", "stays"]);
});
