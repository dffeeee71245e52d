import { expect, test } from "vitest";
import { clockWord } from "@/components/incidents/clock-words";
import type { IncidentClock } from "@/server/incidents/schemas";

const due = Date.parse("2026-11-24T03:00:00.000Z");
const clock = (rest: Partial<IncidentClock> = {}): IncidentClock => ({
  kind: "update",
  dueAt: new Date(due).toISOString(),
  warnAt: new Date(due - 5 * 60_000).toISOString(),
  state: "running",
  ...rest,
});

test("far from due it is calm, from the warning on it is soon, afterwards late by how much", () => {
  expect(clockWord(clock(), due - 12 * 60_000)).toEqual({ text: "Update due in 12 min 00 s", urgency: "calm" });
  expect(clockWord(clock(), due - 5 * 60_000)).toMatchObject({ urgency: "soon" });
  expect(clockWord(clock({ kind: "post-mortem" }), due + 190_000)).toEqual({
    text: "Post-mortem 3 min 10 s late",
    urgency: "late",
  });
});

test("the countdown never says 0 s before it is due, and a met clock says nothing", () => {
  expect(clockWord(clock(), due - 1)).toMatchObject({ text: "Update due in 1 s" });
  expect(clockWord(clock(), due)).toMatchObject({ urgency: "late" });
  expect(clockWord(clock({ state: "met" }), due + 1)).toBeNull();
});
