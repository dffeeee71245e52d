import { formatAge } from "@/components/lib/duration";
import type { IncidentClock } from "@/server/incidents/schemas";

export type ClockWord = {
  readonly text: string;
  readonly urgency: "calm" | "soon" | "late";
};

const names: Readonly<Record<IncidentClock["kind"], string>> = { update: "Update", "post-mortem": "Post-mortem" };

/**
 * A clock in words at `now` (epoch ms): "Update due in 12 min 05 s", "Update 3 min 10 s late". What the time says wins over
 * a state that the server has not turned yet; null for one that has been met.
 */
export function clockWord(clock: IncidentClock, now: number): ClockWord | null {
  if (clock.state === "met") return null;
  const due = Date.parse(clock.dueAt);
  const name = names[clock.kind];
  if (now >= due) return { text: `${name} ${formatAge(now - due)} late`, urgency: "late" };
  const left = formatAge(Math.ceil((due - now) / 1_000) * 1_000);
  const soon = clock.state !== "running" || now >= Date.parse(clock.warnAt);
  return { text: `${name} due in ${left}`, urgency: soon ? "soon" : "calm" };
}
