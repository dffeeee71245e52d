"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { UserRoundPlus } from "lucide-react";
import { useState } from "react";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { RowButton } from "@/components/data-table/row-opener";
import type { AskedWindow } from "@/components/keys/asked-window";
import { SubjectSessions } from "@/components/keys/window-sessions";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { WindowIssuance } from "@/server/keys/window/schemas";

const keyOf = (row: WindowIssuance) => `${row.zone.id} ${row.subjectId} ${row.type}`;

/** Sessions made in the window by zone and subject, new subjects first; one of them opened with its sessions. */
export function IssuancesPanel({ asked }: { asked: AskedWindow }) {
  const trpc = useTRPC();
  const [opened, setOpened] = useState<WindowIssuance | null>(null);
  const query = useInfiniteQuery(
    trpc.keys.windowIssuances.infiniteQueryOptions(asked, {
      getNextPageParam: (page) => page.nextCursor,
      staleTime: 60_000,
    }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const [first] = query.data?.pages ?? [];
  const columns: readonly DataColumn<WindowIssuance>[] = [
    {
      id: "subject",
      header: "Subject",
      cell: (row) => (
        <RowButton onClick={() => setOpened(row)} aria-pressed={opened !== null && keyOf(opened) === keyOf(row)}>
          {row.subjectId}
        </RowButton>
      ),
    },
    {
      id: "new",
      header: "Known before",
      cell: (row) =>
        row.isNew ? (
          <span className="inline-flex items-center gap-1.5 font-medium">
            <UserRoundPlus aria-hidden="true" className="size-4" /> new in this zone
          </span>
        ) : (
          <span className="text-muted-foreground">yes</span>
        ),
    },
    { id: "zone", header: "Zone", cell: (row) => row.zone.name ?? row.zone.id },
    { id: "type", header: "Type", cell: (row) => row.type },
    { id: "count", header: "Sessions", numeric: true, cell: (row) => row.count.toLocaleString("en-US") },
    { id: "live", header: "Live now", numeric: true, cell: (row) => row.live.toLocaleString("en-US") },
    { id: "first", header: "First", numeric: true, cell: (row) => <TimeStamp at={row.first} show="time" /> },
    { id: "last", header: "Last", numeric: true, cell: (row) => <TimeStamp at={row.last} /> },
  ];
  return (
    <Panel
      title="Sessions issued, new subjects first"
      note={
        first === undefined
          ? undefined
          : `${first.sessions.toLocaleString("en-US")} sessions of ${first.subjects.toLocaleString("en-US")} subjects by zone and type`
      }
      state={panelStateOf(query, {
        when: rows.length === 0,
        sentence:
          "No session was made in this window, as far as ids tell: sessions whose id is no UUIDv7 are not found.",
      })}
    >
      {first?.cut ? (
        <p role="alert" className="border-b px-3 py-2 font-medium">
          {first.cut}
        </p>
      ) : null}
      <DataTable
        label="Sessions issued"
        className="max-h-[28rem]"
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        selectedKey={opened === null ? null : keyOf(opened)}
        footer={<LoadMore shown={rows.length} one="subject" many="subjects" query={query} />}
      />
      {opened === null ? null : (
        <SubjectSessions key={keyOf(opened)} asked={asked} of={opened} onClose={() => setOpened(null)} />
      )}
    </Panel>
  );
}
