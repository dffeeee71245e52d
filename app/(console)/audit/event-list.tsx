"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { DataTable } from "@/components/data-table/data-table";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { Panel, type PanelState } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { utcStamp } from "@/components/lib/utc";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import type { AuditQuestion, AuditRow } from "@/server/audit/schemas";
import { ColumnChoice } from "./column-choice";
import { auditColumns } from "./columns";
import { type AuditFilter, type Asked, tailMinutes } from "./question-of";
import type { ColumnName } from "./search-params";
import { waitingCount } from "./tail-model";
import { tailRows, useTail } from "./use-tail";

export type ListActs = {
  readonly onOpen: (row: AuditRow) => void;
  readonly onPage: (cursor: string, way: "older" | "newer") => void;
  readonly onFirst: () => void; // the newest page, up to now
  readonly onTail: (on: boolean) => void;
  readonly onColumns: (columns: ColumnName[]) => void;
};

const rowKey = (row: AuditRow) => `${row.id} ${row.occurredAt}`;
const count = (n: number) => n.toLocaleString("en-GB");

/** The list: one page of the window, or the newest events as they come. */
export function EventList({ filter, asked, acts }: { filter: AuditFilter; asked: Asked; acts: ListActs }) {
  if (filter.tail) return <TailList filter={filter} acts={acts} />;
  if (asked.ok) return <PagedList filter={filter} question={asked.question} acts={acts} />;
  return <Panel title="Events" state={{ kind: "empty", sentence: asked.problem }} />;
}

function Table({ filter, rows, acts }: { filter: AuditFilter; rows: readonly AuditRow[]; acts: ListActs }) {
  const zoneName = useZoneNames();
  return (
    <DataTable
      label="Audit events"
      columns={auditColumns(filter.cols, zoneName, acts.onOpen)}
      rows={rows}
      rowKey={rowKey}
      selectedKey={filter.event === null ? null : `${filter.event} ${filter.at}`}
    />
  );
}

function PagedList({ filter, question, acts }: { filter: AuditFilter; question: AuditQuestion; acts: ListActs }) {
  const trpc = useTRPC();
  const [deeper, setDeeper] = useState<string | null>(null); // the page on which somebody asked to look further
  const query = useQuery(
    trpc.audit.search.queryOptions(
      { ...question, cursor: filter.page, direction: filter.way, deeper: deeper !== null && deeper === filter.page },
      { placeholderData: keepPreviousData },
    ),
  );
  const page = query.data;
  const rows = page?.rows ?? [];
  const further = filter.way === "older" ? page?.older : page?.newer;
  const stopped = page?.stopped ?? null;
  const state: PanelState = panelStateOf(query, {
    when: rows.length === 0 && stopped === null && page?.newer === null && page.older === null,
    sentence: "No event in this window matches. Widen the window or clear a filter.",
  });
  return (
    <Panel
      title="Events"
      note={`${utcStamp(Date.parse(question.since), Date.parse(question.until))} to ${utcStamp(Date.parse(question.until), null)}`}
      state={state}
      actions={
        <>
          <ColumnChoice chosen={filter.cols} onChange={acts.onColumns} />
          <Button size="sm" onClick={() => acts.onTail(true)}>
            Follow
          </Button>
          <Button size="sm" disabled={query.isFetching} onClick={acts.onFirst}>
            {filter.until === null ? "Search up to now" : "Search again"}
          </Button>
        </>
      }
    >
      <div aria-busy={query.isPlaceholderData} className={query.isPlaceholderData ? "opacity-60" : ""}>
        {rows.length > 0 ? (
          <Table filter={filter} rows={rows} acts={acts} />
        ) : (
          <p className="px-3 py-4 text-muted-foreground">None on this page.</p>
        )}
      </div>
      <nav
        aria-label="Pages of events"
        className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-3 py-2 text-muted-foreground"
      >
        <p aria-live="polite">
          {count(rows.length)} {rows.length === 1 ? "event" : "events"} on this page
          {stopped === null
            ? ""
            : ` · looked through ${count(stopped.examined)} events ${filter.way === "older" ? "back" : "up"} to ${utcStamp(Date.parse(stopped.at), Date.parse(question.until))}, as no index covers these filters`}
        </p>
        <div className="ml-auto flex gap-2">
          {stopped !== null && further ? (
            <Button
              size="sm"
              variant="primary"
              disabled={query.isFetching}
              onClick={() => {
                setDeeper(further);
                acts.onPage(further, filter.way);
              }}
            >
              {query.isFetching ? "Looking" : "Look further"}
            </Button>
          ) : null}
          <Button
            size="sm"
            disabled={!page?.newer || query.isFetching}
            onClick={() => page?.newer && acts.onPage(page.newer, "newer")}
          >
            Newer
          </Button>
          <Button
            size="sm"
            disabled={!page?.older || query.isFetching}
            onClick={() => page?.older && acts.onPage(page.older, "older")}
          >
            Older
          </Button>
        </div>
      </nav>
    </Panel>
  );
}

function TailList({ filter, acts }: { filter: AuditFilter; acts: ListActs }) {
  const [held, setHeld] = useState(false);
  const { query, tail } = useTail(filter, true, held);
  const waiting = waitingCount(tail);
  return (
    <Panel
      title="Events as they come"
      note={
        query.isError ? null : (
          <>
            looked <TimeStamp at={query.dataUpdatedAt || null} />
          </>
        )
      }
      state={panelStateOf(query, {
        when: tail.rows.length === 0,
        sentence: `No event of the last ${tailMinutes} minutes matches yet. New ones show here by themselves.`,
      })}
      actions={
        <>
          <ColumnChoice chosen={filter.cols} onChange={acts.onColumns} />
          <Button size="sm" onClick={() => acts.onTail(false)}>
            Stop following
          </Button>
        </>
      }
    >
      <div onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
        <Table filter={filter} rows={tail.rows} acts={acts} />
      </div>
      <p aria-live="polite" className="border-t px-3 py-2 text-muted-foreground">
        {held
          ? `Standing still while the pointer is on the list${waiting > 0 ? `: ${count(waiting)} newer ${waiting === 1 ? "event waits" : "events wait"}` : ""}.`
          : `The newest ${tailRows} of the last ${tailMinutes} minutes, looked for every 2 s.`}
        {tail.gap ? ` More than ${tailRows} came between two looks: stop following and page to see them all.` : ""}
        {query.data?.stopped ? ` Looked through ${count(query.data.stopped.examined)} events only.` : ""}
      </p>
    </Panel>
  );
}
