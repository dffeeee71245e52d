import type { IncidentEvent, IncidentState } from "@/server/incidents/schemas";

/** The incident's lifecycle: every move that there is. What is not here is refused. */
const moves: Readonly<Record<IncidentState, Readonly<Partial<Record<IncidentEvent, IncidentState>>>>> = {
  declared: { contain: "contained", resolve: "resolved" },
  reopened: { contain: "contained", resolve: "resolved" },
  contained: { recover: "recovered", resolve: "resolved" },
  recovered: { resolve: "resolved" },
  resolved: { close: "closed", reopen: "reopened" },
  closed: { reopen: "reopened" },
};

/** The state after `event`, or null when the state does not allow it. */
export const transition = (state: IncidentState, event: IncidentEvent): IncidentState | null =>
  moves[state][event] ?? null;

/** The states from which `event` leads anywhere. */
export const statesAllowing = (event: IncidentEvent): readonly IncidentState[] =>
  (Object.keys(moves) as IncidentState[]).filter((state) => moves[state][event] !== undefined);

/** What is over has no running update clock and takes no new work. */
export const isOver = (state: IncidentState): boolean => state === "resolved" || state === "closed";
