import type { RunState } from "@/server/playbooks/schemas";

/** What can happen to a run. `round-finished` comes from the job, everything else from a person. */
export const runEvents = [
  "confirm-subject",
  "revoke",
  "round-finished",
  "sweep-again",
  "publish-again",
  "start-waiting",
  "finish",
  "abandon",
] as const;
export type RunEvent = (typeof runEvents)[number];

const table: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  identify: { "confirm-subject": "blast_radius", abandon: "abandoned" },
  blast_radius: { "confirm-subject": "blast_radius", revoke: "revoke", abandon: "abandoned" },
  revoke: { "round-finished": "verify", abandon: "abandoned" },
  verify: {
    "round-finished": "verify",
    "sweep-again": "verify",
    "publish-again": "verify",
    "start-waiting": "wait",
    abandon: "abandoned",
  },
  wait: {
    "round-finished": "wait",
    "sweep-again": "verify", // something new to prove: back to verify
    "publish-again": "wait",
    finish: "done",
    abandon: "abandoned",
  },
  done: { "round-finished": "done" }, // a run may finish while it still publishes again; that ends like any other round
  abandoned: { "round-finished": "abandoned" }, // what was begun is completed and recorded
};

/** The state after an event, or null when the event is refused in that state. */
export const transition = (state: RunState, event: RunEvent): RunState | null => table[state][event] ?? null;

/** The states from which an event is allowed: the WHERE of its conditional UPDATE. */
export const statesAllowing = (event: RunEvent): RunState[] =>
  (Object.keys(table) as RunState[]).filter((state) => table[state][event] !== undefined);

/** True when nothing more can happen. */
export const isOver = (state: RunState): boolean => state === "done" || state === "abandoned";
