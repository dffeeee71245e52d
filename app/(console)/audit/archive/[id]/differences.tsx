"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { differenceWords } from "@/components/audit/archive-words";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { ComparisonFinding } from "@/server/audit/comparisons/schemas";

/** One side's values of the columns that matter, one a line. */
function Values({ of }: { of: ComparisonFinding["archived"] }) {
  if (of === null) return <span className="text-muted-foreground">not there</span>;
  return (
    <dl className="min-w-40 max-w-xs text-xs">
      {Object.entries(of).map(([column, value]) => (
        <div key={column} className="break-all">
          <dt className="inline text-muted-foreground">{column} </dt>
          <dd className="inline font-mono">{value ?? "none"}</dd>
        </div>
      ))}
    </dl>
  );
}

const blame = ({ finding, rowProvesItself }: ComparisonFinding) =>
  rowProvesItself === true
    ? "the archive: the row gives its sealed hash"
    : rowProvesItself === false
      ? "the database: the row no longer gives its sealed hash"
      : finding === "missing_in_database"
        ? "the database: the archive is never overwritten"
        : "cannot be told from the two alone";

const columnsOf = (zoneName: (id: string) => string): readonly DataColumn<ComparisonFinding>[] => [
  { id: "zone", header: "Zone", cell: (row) => zoneName(row.zoneId) },
  {
    id: "seq",
    header: "Chain seq",
    numeric: true,
    cell: (row) => (row.chainSeq === null ? "none" : row.chainSeq.toLocaleString("en-US")),
  },
  {
    id: "finding",
    header: "Difference",
    cell: (row) => <span className="font-medium">{differenceWords[row.finding]}</span>,
  },
  { id: "columns", header: "Columns", cell: (row) => row.columns.join(", ") },
  { id: "archived", header: "In the archive", cell: (row) => <Values of={row.archived} /> },
  { id: "stored", header: "In the database", cell: (row) => <Values of={row.stored} /> },
  { id: "blame", header: "Changed where", cell: blame },
  { id: "hour", header: "Export of (UTC)", cell: (row) => row.hour?.replace("T", " ").concat(":00") ?? "none" },
  { id: "event", header: "Event", cell: (row) => <CopyText text={row.eventId} what="event" /> },
];

/** What does not agree, a page at a time. */
export function Differences({ comparisonId }: { comparisonId: string }) {
  const trpc = useTRPC();
  const zoneName = useZoneNames();
  const query = useInfiniteQuery(
    trpc.audit.differences.infiniteQueryOptions({ comparisonId }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Differences"
      note="one for each event, in the order of zones and chains"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing differs." })}
    >
      <DataTable
        label="Differences"
        columns={columnsOf(zoneName)}
        rows={rows}
        rowKey={(row) => String(row.n)}
        footer={<LoadMore shown={rows.length} one="difference" many="differences" query={query} />}
      />
    </Panel>
  );
}
