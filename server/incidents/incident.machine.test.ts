import { expect, test } from "vitest";
import { isOver, statesAllowing, transition } from "@/server/incidents/incident.machine";
import { incidentEvents, incidentStates } from "@/server/incidents/schemas";

test("every pair of state and event leads where the table says, and nowhere else", () => {
  const pairs = incidentStates.flatMap((state) =>
    incidentEvents.map((event) => `${state} ${event} ${transition(state, event) ?? "-"}`),
  );
  expect(pairs.filter((pair) => !pair.endsWith("-"))).toEqual([
    "declared contain contained",
    "declared resolve resolved",
    "contained recover recovered",
    "contained resolve resolved",
    "recovered resolve resolved",
    "resolved close closed",
    "resolved reopen reopened",
    "closed reopen reopened",
    "reopened contain contained",
    "reopened resolve resolved",
  ]);
});

test("every state can be left and every event can happen", () => {
  for (const state of incidentStates)
    expect(incidentEvents.some((event) => transition(state, event) !== null)).toBe(true);
  for (const event of incidentEvents) expect(statesAllowing(event).length).toBeGreaterThan(0);
  expect(incidentStates.filter(isOver)).toEqual(["resolved", "closed"]);
});
