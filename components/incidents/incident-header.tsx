"use client";

import Link from "next/link";
import { ClockBadge } from "@/components/incidents/clock-badge";
import { IncidentFlags } from "@/components/incidents/incident-flags";
import { incidentHref, incidentName, originWords, stateWords, mergedName } from "@/components/incidents/incident-words";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { Badge } from "@/components/ui/badge";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { isOver } from "@/server/incidents/incident.machine";
import type { IncidentView } from "@/server/incidents/schemas";

/** How bad, how far, what is due. `whyNot` says why this viewer may only read. */
export function IncidentHeader({
  view,
  acts,
  whyNot,
}: {
  view: IncidentView;
  acts: IncidentActs;
  whyNot: string | null;
}) {
  return (
    <header className="flex flex-col gap-2">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted-foreground">
        <Link href="/incidents" className="underline underline-offset-2 hover:text-foreground">
          Incidents
        </Link>
        <span>
          {originWords[view.origin] ?? view.origin}
          {view.declaredBy.id === null ? "" : `, ${view.declaredBy.name}`}, <TimeStamp at={view.declaredAt} />
        </span>
      </p>
      <h1 className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <SeverityMark severity={view.severity} />
        <span className="font-mono">{incidentName(view.number)}</span>
        <span className="min-w-0 break-words">{view.title}</span>
      </h1>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={view.state === "closed" ? "neutral" : "accent"} data-testid="incident-state">
          {view.mergedInto === null ? stateWords[view.state] : `Merged into ${mergedName(view.mergedInto)}`}
        </Badge>
        <IncidentFlags restricted={view.restricted} drill={view.drill} />
        {view.clocks.map((clock) => (
          <ClockBadge key={`${clock.kind} ${clock.dueAt}`} clock={clock} />
        ))}
        {view.acknowledgedAt === null ? null : (
          <span className="text-xs text-muted-foreground">
            acknowledged <TimeStamp at={view.acknowledgedAt} show="age" />
          </span>
        )}
        {view.acknowledgedAt === null && whyNot === null && view.mergedInto === null && !isOver(view.state) ? (
          <ConfirmAct
            size="sm"
            variant="primary"
            label="Acknowledge"
            title="Acknowledge this incident"
            confirm="Acknowledge"
            onConfirm={() => acts.acknowledge("")}
          >
            <p>Says that you are on it. Nobody further is woken for it; what was sent stays sent.</p>
          </ConfirmAct>
        ) : null}
      </div>
      {view.mergedInto === null ? null : (
        <p role="status" className="rounded-md border border-dashed border-border-strong bg-card px-3 py-2">
          This incident was merged into{" "}
          {view.mergedInto.id === null ? (
            mergedName(view.mergedInto)
          ) : (
            <Link href={incidentHref(view.mergedInto.id)} className="text-accent underline underline-offset-2">
              {mergedName(view.mergedInto)}
            </Link>
          )}
          . Work goes on there. Below is its own record up to then, to read only.
        </p>
      )}
    </header>
  );
}
