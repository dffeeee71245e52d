import { expect, test } from "vitest";
import { stripIncident } from "@/components/shell/strip-incident";
import type { IncidentSummary } from "@/server/incidents/schemas";

const at = Date.parse("2026-11-24T02:00:00.000Z");
const incident = (number: number, rest: Partial<IncidentSummary> = {}): IncidentSummary => ({
  id: `id-${number}`,
  number,
  title: "stolen mandate",
  severity: "P2",
  state: "declared",
  restricted: false,
  drill: false,
  declaredAt: new Date(at).toISOString(),
  updatedAt: new Date(at).toISOString(),
  lead: null,
  nextClock: null,
  openSignals: 0,
  mergedInto: null,
  acknowledged: false,
  seq: 1,
  ...rest,
});

test("the worst real incident stands in the strip, with how long and who leads", () => {
  const shown = stripIncident(
    [
      incident(11, { severity: "P1", drill: true }),
      incident(12),
      incident(14, { severity: "P1", lead: { id: "p", name: "Dana" } }),
    ],
    at + 42 * 60_000 + 10_000,
  );
  expect(shown).toMatchObject({ name: "INC-14", elapsed: "00:42:10", lead: "lead Dana", clock: null, more: 2 });
});

test("a drill is shown only when nothing real is open; nothing open shows nothing", () => {
  expect(stripIncident([incident(11, { drill: true })], at)).toMatchObject({ drill: true, more: 0, lead: "no lead" });
  expect(stripIncident([], at)).toBeNull();
});

test("a clock is named when it is late, not while there is time", () => {
  const clock = {
    kind: "update",
    dueAt: new Date(at + 60_000).toISOString(),
    warnAt: new Date(at + 30_000).toISOString(),
    state: "running",
  } as const;
  expect(stripIncident([incident(1, { nextClock: clock })], at)?.clock).toBeNull();
  expect(stripIncident([incident(1, { nextClock: clock })], at + 70_000)?.clock).toBe("Update 10 s late");
});
