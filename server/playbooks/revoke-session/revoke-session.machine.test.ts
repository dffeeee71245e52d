import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runStates, type RunState } from "@/server/playbooks/schemas";
import { isOver, type RunEvent, runEvents, statesAllowing, transition } from "./revoke-session.machine";

const walk = (events: readonly RunEvent[]): RunState[] => {
  const path: RunState[] = ["identify"];
  for (const event of events) path.push(transition(path.at(-1) ?? "identify", event) ?? path.at(-1) ?? "identify");
  return path;
};
const events = fc.array(fc.constantFrom(...runEvents), { maxLength: 60 });

describe("the run's machine", () => {
  it("reaches done only through blast radius, revoke, verify and wait, in this order", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const path = walk(taken);
        if (!path.includes("done")) return;
        const first = (state: RunState) => path.indexOf(state);
        const order = (["identify", "blast_radius", "revoke", "verify", "wait", "done"] as const).map(first);
        expect(order).not.toContain(-1);
        expect([...order].sort((a, b) => a - b)).toEqual(order);
      }),
    );
  });

  it("never leaves a state that is over", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const path = walk(taken);
        const end = path.findIndex(isOver);
        if (end >= 0) expect(new Set(path.slice(end)).size).toBe(1);
      }),
    );
  });

  it("lets a round end wherever it can still be running: no round is tried again for ever", () => {
    const opens: readonly RunEvent[] = ["revoke", "sweep-again", "publish-again"];
    for (const state of runStates)
      for (const open of opens) {
        const during = transition(state, open);
        if (during === null) continue;
        const reached = new Set<RunState>([during]);
        for (const at of reached)
          for (const event of runEvents) {
            const next = transition(at, event);
            if (next !== null) reached.add(next);
          }
        for (const at of reached) expect([at, transition(at, "round-finished")]).not.toEqual([at, null]);
      }
  });

  it("can be abandoned from every state that is not over, and lists the states that allow an event", () => {
    for (const state of runStates) expect(transition(state, "abandon")).toBe(isOver(state) ? null : "abandoned");
    for (const event of runEvents)
      for (const state of runStates)
        expect(statesAllowing(event).includes(state)).toBe(transition(state, event) !== null);
  });
});
