import type { DataColumn } from "@/components/data-table/data-table";
import { RowLink } from "@/components/data-table/row-opener";
import { ClockBadge } from "@/components/incidents/clock-badge";
import { IncidentFlags } from "@/components/incidents/incident-flags";
import { incidentHref, incidentName, stateWords, mergedName } from "@/components/incidents/incident-words";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { isOver } from "@/server/incidents/incident.machine";
import type { IncidentSummary } from "@/server/incidents/schemas";

/** One incident per row: which, how bad, how far, how old, what is due, who leads. */
export const incidentColumns: readonly DataColumn<IncidentSummary>[] = [
  {
    id: "incident",
    header: "Incident",
    className: "min-w-64 whitespace-normal",
    cell: (row) => (
      <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
        <SeverityMark severity={row.severity} />
        <RowLink href={incidentHref(row.id)}>
          <span className="font-mono text-xs">{incidentName(row.number)}</span> {row.title}
        </RowLink>
        <IncidentFlags restricted={row.restricted} drill={row.drill} />
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: (row) =>
      row.mergedInto === null ? (
        <>
          {stateWords[row.state]}
          {row.acknowledged || isOver(row.state) ? null : (
            <span className="text-muted-foreground"> · not acknowledged</span>
          )}
        </>
      ) : (
        <>Merged into {mergedName(row.mergedInto)}</>
      ),
  },
  { id: "due", header: "Due", cell: (row) => (row.nextClock === null ? "–" : <ClockBadge clock={row.nextClock} />) },
  { id: "declared", header: "Declared", numeric: true, cell: (row) => <TimeStamp at={row.declaredAt} /> },
  {
    id: "lead",
    header: "Lead",
    cell: (row) => row.lead?.name ?? <span className="text-muted-foreground">Nobody</span>,
  },
  { id: "signals", header: "Open signals", numeric: true, cell: (row) => row.openSignals },
];
