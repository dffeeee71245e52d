"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowButton } from "@/components/data-table/row-opener";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { CopyText } from "@/components/lib/copy-text";
import { Panel, type PanelState } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { utcStamp } from "@/components/lib/utc";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button, buttonStyle } from "@/components/ui/button";
import type { AuditRow } from "@/server/audit/schemas";
import { auditWindow } from "./audit-window";
import { EventDetail } from "./event-detail";
import { type AuditFilter, AuditFilters } from "./filters";
import { auditSearch } from "./search-params";

/** `renderedAt` (epoch ms) is where preset windows end until the operator searches again. */
export function AuditClient({ renderedAt }: { renderedAt: number }) {
  const [filter, setFilter] = useQueryStates(auditSearch);
  const [asOf, setAsOf] = useState(renderedAt);
  const open = filter.event === null || filter.at === null ? null : { id: filter.event, occurredAt: filter.at };
  const close = () => void setFilter({ event: null, at: null });
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Audit"
        actions={
          <Link href="/audit/checks" className={buttonStyle("outline")}>
            Check the chain
          </Link>
        }
      >
        Decisions as stored, newest first. Every search has a window, because the table is kept by month and nothing may
        read it whole.
      </PageTitle>
      <AuditFilters filter={filter} set={setFilter} />
      <div className={open === null ? "" : "grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(22rem,2fr)]"}>
        {open === null ? null : (
          <div className="xl:order-2">
            <EventDetail id={open.id} occurredAt={open.occurredAt} onClose={close} />
          </div>
        )}
        <Results
          filter={filter}
          asOf={asOf}
          onAgain={() => setAsOf(Date.now())}
          onOpen={(row) => void setFilter({ event: row.id, at: row.occurredAt })}
        />
      </div>
    </div>
  );
}

function Results({
  filter,
  asOf,
  onAgain,
  onOpen,
}: {
  filter: AuditFilter;
  asOf: number;
  onAgain: () => void;
  onOpen: (row: AuditRow) => void;
}) {
  const trpc = useTRPC();
  const zoneName = useZoneNames();
  const window = auditWindow(
    { preset: filter.window, since: filter.since, until: filter.until, text: filter.text },
    asOf,
  );
  const query = useInfiniteQuery(
    trpc.audit.search.infiniteQueryOptions(
      {
        zoneId: filter.zone ?? undefined,
        since: window.ok ? window.since : new Date(0).toISOString(),
        until: window.ok ? window.until : new Date(1).toISOString(),
        eventType: filter.type ?? undefined,
        decision: filter.decision ?? undefined,
        evaluationStatus: filter.status ?? undefined,
        requestId: filter.request ?? undefined,
        text: filter.text ?? undefined,
      },
      { enabled: window.ok, getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const rows = window.ok ? (query.data?.pages.flatMap((page) => page.rows) ?? []) : [];
  const stoppedAt = query.data?.pages.at(-1)?.scannedUntil ?? null;
  const more = query.hasNextPage;
  const state: PanelState = window.ok
    ? panelStateOf(query, {
        when: rows.length === 0 && !more,
        sentence: "No event in this window matches. Widen the window or clear a filter.",
      })
    : { kind: "empty", sentence: window.problem };
  return (
    <Panel
      title="Events"
      note={
        window.ok
          ? `${utcStamp(Date.parse(window.since), asOf)} to ${utcStamp(Date.parse(window.until), asOf)}`
          : undefined
      }
      actions={
        <Button size="sm" disabled={query.isFetching} onClick={onAgain}>
          {filter.until === null ? "Search up to now" : "Search again"}
        </Button>
      }
      state={state}
    >
      <DataTable
        label="Audit events"
        columns={columnsFor(zoneName, onOpen)}
        rows={rows}
        rowKey={rowKey}
        selectedKey={filter.event === null ? null : `${filter.event} ${filter.at}`}
        footer={
          <LoadMore
            shown={rows.length}
            one="event"
            many="events"
            query={query}
            note={
              stoppedAt === null
                ? null
                : `looked back to ${utcStamp(Date.parse(stoppedAt), asOf)}; load more to look further`
            }
          />
        }
      />
    </Panel>
  );
}

const rowKey = (row: AuditRow) => `${row.id} ${row.occurredAt}`;

function columnsFor(
  zoneName: (id: string) => string,
  onOpen: (row: AuditRow) => void,
): readonly DataColumn<AuditRow>[] {
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
    { id: "type", header: "Type", cell: (row) => row.eventType },
    { id: "decision", header: "Decision", cell: (row) => row.decision },
    { id: "status", header: "Status", cell: (row) => row.evaluationStatus ?? "–" },
    { id: "zone", header: "Zone", cell: (row) => zoneName(row.zoneId) },
    {
      id: "request",
      header: "Request id",
      cell: (row) => (row.requestId === null ? "–" : <CopyText text={row.requestId} what="request" />),
    },
    { id: "seq", header: "Chain seq", numeric: true, cell: (row) => row.chainSeq ?? "–" },
  ];
}
