"use client";

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowLink } from "@/components/data-table/row-opener";
import { PreservedPanel } from "@/components/evidence/preserved-panel";
import { formatAge } from "@/components/lib/duration";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { RetentionPanel } from "./retention-panel";
import type { MonthFigures, PostMortemSummary } from "@/server/post-mortem/schemas";

const took = (seconds: number | null) => (seconds === null ? "–" : formatAge(seconds * 1_000));
const stateWords = { missing: "Not written", draft: "Not signed off", "signed-off": "Signed off" } as const;

const columns: readonly DataColumn<PostMortemSummary>[] = [
  {
    id: "incident",
    header: "Incident",
    className: "min-w-56 whitespace-normal",
    cell: ({ incident }) => (
      <>
        <SeverityMark severity={incident.severity} />{" "}
        <RowLink href={`/incidents/${incident.id}/post-mortem`}>
          INC-{incident.number} {incident.title}
        </RowLink>{" "}
        {incident.drill ? <Badge tone="strong">Drill</Badge> : null}
      </>
    ),
  },
  {
    id: "state",
    header: "Post-mortem",
    cell: (row) => <Badge tone={row.state === "signed-off" ? "ok" : "neutral"}>{stateWords[row.state]}</Badge>,
  },
  {
    id: "due",
    header: "Due",
    className: "whitespace-normal",
    cell: (row) =>
      row.dueAt === null || row.state === "signed-off" ? (
        "–"
      ) : (
        <TimeStamp at={row.dueAt} className="whitespace-normal" />
      ),
  },
  { id: "detect", header: "Detected after", numeric: true, cell: (row) => took(row.detectSeconds) },
  { id: "contain", header: "Contained after", numeric: true, cell: (row) => took(row.containSeconds) },
  { id: "recover", header: "Recovered after", numeric: true, cell: (row) => took(row.recoverSeconds) },
  { id: "follow-ups", header: "Open follow-ups", numeric: true, cell: (row) => row.openFollowUps },
  {
    id: "declared",
    header: "Declared",
    className: "whitespace-normal",
    cell: (row) => <TimeStamp at={row.declaredAt} date="always" className="whitespace-normal" />,
  },
];

const monthColumns: readonly DataColumn<MonthFigures>[] = [
  { id: "month", header: "Month (UTC)", cell: (row) => row.month },
  ...(["P1", "P2", "P3", "P4"] as const).map(
    (severity): DataColumn<MonthFigures> => ({
      id: severity,
      header: severity,
      numeric: true,
      cell: (row) => row.incidents[severity],
    }),
  ),
  { id: "detect", header: "Median to detect", numeric: true, cell: (row) => took(row.medianDetectSeconds) },
  { id: "contain", header: "Median to contain", numeric: true, cell: (row) => took(row.medianContainSeconds) },
  { id: "recover", header: "Median to recover", numeric: true, cell: (row) => took(row.medianRecoverSeconds) },
];

export function EvidenceClient() {
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.postMortems.list.infiniteQueryOptions(
      {},
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 30_000, placeholderData: keepPreviousData },
    ),
  );
  const months = useQuery(trpc.postMortems.months.queryOptions(undefined, { refetchInterval: 60_000 }));
  const rows = list.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Evidence">
        What was preserved, and post-mortems with what was measured. Everything is signed, and verified without this
        console.
      </PageTitle>
      <PreservedPanel />
      <Panel
        title="Post-mortems"
        note="Newest incident first; every P1 owes one within 48 hours of its resolution"
        state={panelStateOf(list, { when: rows.length === 0, sentence: "No incident has needed a post-mortem yet." })}
      >
        <DataTable
          label="Post-mortems"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.incident.id}
          footer={<LoadMore shown={rows.length} one="post-mortem" many="post-mortems" query={list} />}
        />
      </Panel>
      <Panel
        title="By month"
        note="Drills and merged incidents are left out"
        state={panelStateOf(months, {
          when: months.data?.length === 0,
          sentence: "No incidents in the last twelve months.",
        })}
      >
        <DataTable
          label="Incidents by month"
          columns={monthColumns}
          rows={months.data ?? []}
          rowKey={(row) => row.month}
          className="min-h-0"
        />
      </Panel>
      <RetentionPanel />
    </div>
  );
}
