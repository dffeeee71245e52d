"use client";

import { useQuery } from "@tanstack/react-query";
import { findingWords, neededWords, rangeWords } from "@/components/audit/check-words";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { checkZonesShown, type ZoneInCheck } from "@/server/audit/checks/schemas";

const number = (value: number) => value.toLocaleString("en-US");

const columns: readonly DataColumn<ZoneInCheck>[] = [
  { id: "zone", header: "Zone", cell: (row) => (row.known ? row.name : `${row.name} (not in Caracal's table)`) },
  { id: "range", header: "Seq", cell: (row) => rangeWords(row.from, row.to) },
  {
    id: "proved",
    header: "Proved",
    numeric: true,
    cell: (row) => (row.totals === null ? row.state : `${number(row.totals.proved)} of ${number(row.totals.rows)}`),
  },
  {
    id: "first",
    header: "First bad row",
    cell: ({ trouble }) =>
      trouble === null ? (
        <span className="text-muted-foreground">none</span>
      ) : (
        <span className="font-medium">
          seq {number(trouble.first.seq)}: {findingWords[trouble.first.finding]}
        </span>
      ),
  },
  {
    id: "extent",
    header: "Extent",
    cell: ({ trouble }) => (trouble === null ? "" : rangeWords(trouble.first.seq, trouble.lastSeq)),
  },
  {
    id: "window",
    header: "Rows ingested between",
    cell: ({ trouble }) =>
      trouble === null ? null : (
        <span className="flex flex-wrap gap-x-2">
          {trouble.ingestedFrom === null ? "the beginning" : <TimeStamp at={trouble.ingestedFrom} />} and{" "}
          {trouble.ingestedTo === null ? "the end" : <TimeStamp at={trouble.ingestedTo} />}
        </span>
      ),
  },
  {
    id: "needed",
    header: "What it took",
    cell: ({ trouble }) => (trouble === null ? "" : neededWords[trouble.needed]),
  },
];

/** Zone by zone: what was looked at, where the first bad row is, how far it goes, and what somebody needed for it. */
export function CheckZones({ checkId, running }: { checkId: string; running: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.audit.checkZones.queryOptions({ checkId }, { refetchInterval: running ? 2_000 : false, staleTime: 0 }),
  );
  const rows = query.data ?? [];
  return (
    <Panel
      title="Zone by zone"
      note={`the first bad row and what it took${rows.length >= checkZonesShown ? `; ${number(checkZonesShown)} zones are shown, those with bad rows first` : ""}`}
      state={panelStateOf(query, { when: rows.length === 0, sentence: "No zone has anything to look at yet." })}
    >
      <DataTable label="Zone by zone" columns={columns} rows={rows} rowKey={(row) => row.zoneId} />
    </Panel>
  );
}
