import type { DataColumn } from "@/components/data-table/data-table";
import { RowButton } from "@/components/data-table/row-opener";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { AuditRow } from "@/server/audit/schemas";
import type { ColumnName } from "./search-params";

export const columnLabels: Readonly<Record<ColumnName, string>> = {
  type: "Type",
  decision: "Decision",
  status: "Status",
  zone: "Zone",
  resource: "Resource",
  request: "Request id",
  seq: "Chain seq",
  policies: "Policies",
  set: "Policy set",
  version: "Policy set version",
  ingested: "Ingested",
  metadata: "Metadata",
};

const id = (text: string | null, what: string) => (text ? <CopyText text={text} what={what} /> : "–");
const long = (text: string | null) =>
  text === null ? (
    "–"
  ) : (
    <span title={text} className="inline-block max-w-80 truncate align-bottom">
      {text}
    </span>
  );

/** The list's columns: when it occurred, then those that were chosen. */
export function auditColumns(
  chosen: readonly ColumnName[],
  zoneName: (id: string) => string,
  onOpen: (row: AuditRow) => void,
): readonly DataColumn<AuditRow>[] {
  const cells: Readonly<Record<ColumnName, DataColumn<AuditRow>["cell"]>> = {
    type: (row) => row.eventType,
    decision: (row) => row.decision,
    status: (row) => row.evaluationStatus ?? "–",
    zone: (row) => zoneName(row.zoneId),
    resource: (row) => long(row.resource),
    request: (row) => id(row.requestId, "request"),
    seq: (row) => row.chainSeq ?? "–",
    policies: (row) => long(row.policies),
    set: (row) => id(row.policySetId, "policy set"),
    version: (row) => id(row.policySetVersionId, "version"),
    ingested: (row) => <TimeStamp at={row.ingestedAt} show="time" />,
    metadata: (row) => <span className="font-mono text-xs">{long(row.metadata)}</span>,
  };
  return [
    {
      id: "at",
      header: "Occurred",
      cell: (row) => (
        <RowButton onClick={() => onOpen(row)} aria-label={`Open ${row.eventType} of ${row.occurredAt}`}>
          <TimeStamp at={row.occurredAt} />
        </RowButton>
      ),
    },
    ...chosen.map((name) => ({
      id: name,
      header: columnLabels[name],
      numeric: name === "seq",
      cell: cells[name],
    })),
  ];
}
