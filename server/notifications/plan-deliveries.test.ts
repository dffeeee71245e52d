import { describe, expect, test } from "vitest";
import { planDeliveries, type PlanQuestion } from "@/server/notifications/plan-deliveries";
import type { MaintenanceWindow, TierRule } from "@/server/notifications/schemas";

const rules: readonly TierRule[] = [
  {
    tier: "on-call",
    when: [{ severities: ["P1", "P2"], tags: [] }],
    steps: [
      { channel: "*", afterMinutes: 0 },
      { channel: "pager", afterMinutes: 10 },
    ],
    repeat: { everyMinutes: 15, times: 2 },
  },
  {
    tier: "security",
    when: [{ severities: ["P1"], tags: ["tamper", "key-compromise"] }],
    steps: [{ channel: "mail", afterMinutes: 0 }],
    repeat: { everyMinutes: 15, times: 0 },
  },
  {
    tier: "compliance",
    when: [{ severities: ["P1", "P2"], tags: ["audit-loss"] }],
    steps: [{ channel: "gone", afterMinutes: 0 }],
    repeat: { everyMinutes: 15, times: 0 },
  },
];
const question: PlanQuestion = {
  kind: "incident-declared",
  severity: "P1",
  tags: [],
  rules,
  channels: [
    { name: "mail", kind: "smtp", recipients: { "on-call": 1, security: 0, compliance: 2 }, problem: null },
    { name: "hook", kind: "webhook", recipients: null, problem: null },
    { name: "pager", kind: "pagerduty", recipients: null, problem: null },
  ],
  windows: [],
  now: new Date("2026-11-24T03:00:00Z"),
  paged: [],
};
const told = (changes: Partial<PlanQuestion>) =>
  planDeliveries({ ...question, ...changes }).flatMap(({ deliveries }) =>
    deliveries.map((one) => `${one.tier} ${one.step} ${one.channel} +${one.afterMinutes}${one.repeat ? " again" : ""}`),
  );
const window: MaintenanceWindow = {
  id: "w",
  from: "2026-11-24T02:00:00.000Z",
  until: "2026-11-24T03:05:00.000Z",
  severities: [],
  tiers: [],
  includeP1: false,
  reason: "Moving the mail server",
  by: "Sol",
  endedBy: null,
  state: "in-force",
};

describe("who is told", () => {
  test("a P1: every channel at once, then the next step, then the last one again up to its bound", () => {
    expect(told({})).toEqual([
      "on-call 1 mail +0",
      "on-call 1 hook +0",
      "on-call 1 pager +0",
      "on-call 2 pager +10",
      "on-call 3 pager +25 again",
      "on-call 4 pager +40 again",
    ]);
  });

  test.each(["P3", "P4"] as const)("%s is quiet for everybody, and says why", (severity) => {
    const plans = planDeliveries({ ...question, severity, tags: ["tamper", "audit-loss"] });
    expect(plans.flatMap(({ deliveries }) => deliveries)).toEqual([]);
    expect(plans.map(({ why }) => why)).toEqual([
      "Hears of P1 and P2 only.",
      "Hears of P1 with tamper or key-compromise only.",
      "Hears of P1 and P2 with audit-loss only.",
    ]);
  });

  test("a tag brings its tier in; a channel that is gone or reaches nobody there is a problem, not a silence", () => {
    const plans = planDeliveries({ ...question, tags: ["tamper", "audit-loss"] });
    expect(plans[1]?.deliveries[0]?.problem).toBe("mail has no address for security.");
    expect(plans[2]?.deliveries[0]?.problem).toBe("No channel named gone is configured.");
    expect(
      planDeliveries({
        ...question,
        channels: [],
        rules: rules.slice(0, 1).map((one) => ({ ...one, steps: one.steps.slice(0, 1) })),
      })[0]?.why,
    ).toBe("No configured channel reaches this tier.");
  });

  test("break-glass is told to every tier, whatever its conditions", () => {
    const plans = planDeliveries({ ...question, kind: "break-glass" });
    expect(plans.map(({ tier, why }) => [tier, why])).toEqual([
      ["on-call", null],
      ["security", null],
      ["compliance", null],
    ]);
  });

  test("what is not for acknowledging is said once and wakes nobody by pager", () => {
    expect(told({ kind: "clock-warning" })).toEqual(["on-call 1 mail +0", "on-call 1 hook +0"]);
    expect(told({ kind: "clock-breached" })).toEqual(["on-call 1 mail +0", "on-call 1 hook +0", "on-call 1 pager +0"]);
  });

  test("an acknowledgement goes to the channels with an open page, whatever the severity is by then", () => {
    const paged = [{ tier: "on-call", channel: "pager" }] as const;
    const [plan] = planDeliveries({ ...question, kind: "incident-ended", severity: "P4", paged });
    expect(plan?.deliveries).toMatchObject([{ channel: "pager", pages: "resolve", step: 1 }]);
  });

  test("a maintenance window silences what falls into it; P1 only when ticked", () => {
    const silenced = (changes: Partial<MaintenanceWindow>, severity: "P1" | "P2" = "P2") =>
      planDeliveries({ ...question, severity, windows: [{ ...window, ...changes }] })[0]?.deliveries.map(
        ({ suppressed }) => suppressed !== null,
      );
    expect(silenced({})).toEqual([true, true, true, false, false, false]);
    expect(silenced({}, "P1")?.some(Boolean)).toBe(false);
    expect(silenced({ severities: ["P1"] }, "P1")?.some(Boolean)).toBe(false);
    expect(silenced({ includeP1: true }, "P1")?.slice(0, 3)).toEqual([true, true, true]);
    expect(silenced({ tiers: ["security"] })?.some(Boolean)).toBe(false);
    expect(silenced({ severities: ["P3"] })?.some(Boolean)).toBe(false);
    expect(silenced({ until: "2026-11-24T03:00:00.000Z" })?.some(Boolean)).toBe(false);
  });
});
