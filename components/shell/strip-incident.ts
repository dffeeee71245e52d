import { clockWord } from "@/components/incidents/clock-words";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { formatClock } from "@/components/lib/duration";
import type { IncidentSummary } from "@/server/incidents/schemas";
import type { Severity } from "@/server/platform/severity";

export type StripIncident = {
  readonly href: string;
  readonly name: string; // "INC-14"
  readonly title: string;
  readonly severity: Severity;
  readonly restricted: boolean;
  readonly drill: boolean;
  readonly elapsed: string; // "00:42:10" since it was declared
  readonly lead: string; // "lead Dana", "no lead"
  readonly clock: string | null; // only when one is due soon or late
  readonly more: number; // open incidents beside this one
};

/** The incident of the strip: real ones before drills, then the worst, then the oldest. `now` in epoch ms, null on the server. */
export function stripIncident(incidents: readonly IncidentSummary[], now: number | null): StripIncident | null {
  const [worst] = [...incidents].sort(
    (left, right) =>
      Number(left.drill) - Number(right.drill) ||
      left.severity.localeCompare(right.severity) ||
      left.declaredAt.localeCompare(right.declaredAt),
  );
  if (worst === undefined) return null;
  const clock = worst.nextClock === null || now === null ? null : clockWord(worst.nextClock, now);
  return {
    href: incidentHref(worst.id),
    name: incidentName(worst.number),
    title: worst.title,
    severity: worst.severity,
    restricted: worst.restricted,
    drill: worst.drill,
    elapsed: now === null ? "--:--:--" : formatClock(now - Date.parse(worst.declaredAt)),
    lead: worst.lead === null ? "no lead" : `lead ${worst.lead.name}`,
    clock: clock === null || clock.urgency === "calm" ? null : clock.text,
    more: incidents.length - 1,
  };
}
