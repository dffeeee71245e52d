import { expect, test } from "vitest";
import type { TierRule } from "@/server/notifications/schemas";
import {
  addCondition,
  addStep,
  changeRepeat,
  changeStep,
  isChanged,
  removeCondition,
  removeStep,
  ruleProblems,
  ruleWords,
  toggleIn,
} from "./rule-editor";

const rule = (tier: TierRule["tier"]): TierRule => ({
  tier,
  when: [{ severities: ["P1", "P2"], tags: [] }],
  steps: [
    { channel: "*", afterMinutes: 0 },
    { channel: "pager", afterMinutes: 10 },
  ],
  repeat: { everyMinutes: 15, times: 3 },
});
const rules = [rule("on-call"), rule("security"), rule("compliance")];

test("an edit touches its tier and leaves the saved rules as they were", () => {
  const edited = toggleIn(rules, "security", 0, { tag: "tamper" });
  expect(edited[1]?.when[0]?.tags).toEqual(["tamper"]);
  expect(edited[0]).toBe(rules[0]);
  expect(rules[1]?.when[0]?.tags).toEqual([]);
  expect(isChanged(edited, rules)).toBe(true);
  expect(isChanged(toggleIn(edited, "security", 0, { tag: "tamper" }), rules)).toBe(false);
});

test("severities stay in their order whichever is ticked last", () => {
  const less = toggleIn(rules, "on-call", 0, { severity: "P1" });
  expect(toggleIn(less, "on-call", 0, { severity: "P1" })[0]?.when[0]?.severities).toEqual(["P1", "P2"]);
});

test("a new step follows the last one in time and channel", () => {
  expect(addStep(rules, "on-call")[0]?.steps.at(-1)).toEqual({ channel: "pager", afterMinutes: 20 });
});

test("what the server would refuse is said before it is sent", () => {
  expect(ruleProblems(rules, ["pager"])).toEqual([]);
  expect(ruleProblems(rules, [])[0]).toContain("pager, which is not configured");
  expect(ruleProblems(changeStep(rules, "on-call", 0, { afterMinutes: 30 }), ["pager"])).toEqual([
    "on-call: step 2 comes before step 1.",
  ]);
  expect(ruleProblems(changeStep(rules, "on-call", 0, { afterMinutes: Number.NaN }), ["pager"])[0]).toContain(
    "whole minutes",
  );
  expect(ruleProblems(changeRepeat(rules, "on-call", { times: 13 }), ["pager"])).toHaveLength(1);
  const noSeverity = toggleIn(toggleIn(rules, "on-call", 0, { severity: "P1" }), "on-call", 0, { severity: "P2" });
  expect(ruleProblems(noSeverity, ["pager"])).toEqual(["on-call: condition 1 names no severity."]);
  const nobody = removeStep(removeStep(rules, "on-call", 0), "on-call", 0);
  expect(ruleProblems(nobody, ["pager"])[0]).toContain("nobody would be told");
});

test("a rule reads as a sentence", () => {
  expect(ruleWords(rule("on-call"))).toBe(
    "P1 or P2: every channel at once, then pager after 10 min without an acknowledgement. The last step is repeated every 15 min, at most 3 times, while nobody acknowledges.",
  );
  const quiet = removeCondition(rules, "on-call", 0)[0];
  expect(quiet && ruleWords(quiet)).toBe("Hears of nothing.");
  const two = addCondition(rules, "on-call")[0];
  expect(two?.when).toHaveLength(2);
});
