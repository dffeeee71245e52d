"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import type { AskedWindow } from "@/components/keys/asked-window";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { WindowAllows } from "@/server/keys/window/schemas";

type Row = WindowAllows["rows"][number];

const columns: readonly DataColumn<Row>[] = [
  {
    id: "resource",
    header: "Resource",
    cell: (row) => row.resource ?? <span className="text-muted-foreground">not named</span>,
  },
  { id: "zone", header: "Zone", cell: (row) => row.zone.name },
  {
    id: "policy",
    header: "Policy set version",
    cell: (row) =>
      row.policySetVersionId === null ? (
        <span className="text-muted-foreground">none</span>
      ) : (
        <CopyText text={row.policySetVersionId} what="policy set version" />
      ),
  },
  { id: "count", header: "Allowed", numeric: true, cell: (row) => row.count.toLocaleString("en-US") },
  { id: "first", header: "First", numeric: true, cell: (row) => <TimeStamp at={row.first} /> },
  { id: "last", header: "Last", numeric: true, cell: (row) => <TimeStamp at={row.last} /> },
];

/** Allow events of the window by zone, resource and policy set version. */
export function AllowsPanel({ asked }: { asked: AskedWindow }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.keys.windowAllows.infiniteQueryOptions(asked, {
      getNextPageParam: (page) => page.nextCursor,
      staleTime: 60_000,
    }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const cut = query.data?.pages[0]?.cut ?? null;
  return (
    <Panel
      title="Allowed, by resource and policy"
      note="one event per resource asked for: it does not count mandates"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "Nothing was allowed in this window." })}
    >
      {cut === null ? null : (
        <p role="alert" className="border-b px-3 py-2 font-medium">
          {cut}
        </p>
      )}
      <DataTable
        label="Allowed, by resource and policy"
        className="max-h-[28rem]"
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.zone.id} ${row.resource} ${row.policySetVersionId}`}
        footer={<LoadMore shown={rows.length} one="group" many="groups" query={query} />}
      />
    </Panel>
  );
}
