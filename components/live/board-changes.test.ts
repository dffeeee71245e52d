import { expect, test } from "vitest";
import { boardChanges } from "@/components/live/board-changes";
import type { Board, IncidentSummary } from "@/server/incidents/schemas";

const incident = (id: string, rest: Partial<IncidentSummary> = {}): IncidentSummary => ({
  id,
  number: 1,
  title: "stolen mandate",
  severity: "P1",
  state: "declared",
  restricted: false,
  drill: false,
  declaredAt: "2026-11-24T02:00:00.000Z",
  updatedAt: "2026-11-24T02:00:00.000Z",
  lead: null,
  nextClock: null,
  openSignals: 0,
  mergedInto: null,
  acknowledged: false,
  seq: 1,
  ...rest,
});
const approval = (id: string, revision: number): Board["approvals"][number] => ({
  id,
  action: "freeze-zone",
  incidentId: null,
  requesterId: "p",
  revision,
  state: "pending",
  expiresAt: "2026-11-24T03:00:00.000Z",
});

test("only what came, moved on or left is named", () => {
  const before: Board = { incidents: [incident("a"), incident("b"), incident("c")], approvals: [approval("x", 1)] };
  const after: Board = {
    incidents: [incident("a"), incident("b", { seq: 2 }), incident("d")],
    approvals: [approval("x", 2)],
  };
  expect(boardChanges(before, after)).toEqual({ incidents: ["b", "d", "c"], approvals: ["x"] });
  expect(boardChanges(after, after)).toEqual({ incidents: [], approvals: [] });
});

test("a clock that was warned about changes its incident, without an entry of its own", () => {
  const clock = { kind: "update", dueAt: "2026-11-24T03:00:00.000Z", warnAt: "2026-11-24T02:55:00.000Z" } as const;
  const before: Board = { incidents: [incident("a", { nextClock: { ...clock, state: "running" } })], approvals: [] };
  const after: Board = { incidents: [incident("a", { nextClock: { ...clock, state: "warned" } })], approvals: [] };
  expect(boardChanges(before, after).incidents).toEqual(["a"]);
});
