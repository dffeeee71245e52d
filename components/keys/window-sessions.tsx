"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import Link from "next/link";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { RowLink } from "@/components/data-table/row-opener";
import type { AskedWindow } from "@/components/keys/asked-window";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import type { WindowIssuance, WindowSession } from "@/server/keys/window/schemas";

/** One subject's sessions of the window, each with the audit event that it likely belongs to. */
export function SubjectSessions({
  asked,
  of,
  onClose,
}: {
  asked: AskedWindow;
  of: WindowIssuance;
  onClose: () => void;
}) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.keys.windowSessions.infiniteQueryOptions(
      { since: asked.since, until: asked.until, zoneId: of.zone.id, subjectId: of.subjectId },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const columns: readonly DataColumn<WindowSession>[] = [
    {
      id: "sid",
      header: "Session (sid)",
      cell: (row) => (
        <RowLink href={`/sessions/${encodeURIComponent(row.id)}`} className="font-mono text-xs">
          {row.id}
        </RowLink>
      ),
    },
    {
      id: "state",
      header: "Now",
      cell: (row) => (row.live ? "live" : row.status === "active" ? "expired" : row.status),
    },
    { id: "made", header: "Made", numeric: true, cell: (row) => <TimeStamp at={row.createdAt} /> },
    { id: "event", header: "Likely event", cell: (row) => <Likely row={row} /> },
  ];
  return (
    <section aria-label={`Sessions of ${of.subjectId}`} className="border-t">
      <header className="flex items-center gap-3 px-3 py-2">
        <h3 className="min-w-0 flex-1 truncate">
          {of.subjectId} in {of.zone.name ?? of.zone.id}
        </h3>
        <Button variant="ghost" size="icon" aria-label="Close these sessions" onClick={onClose}>
          <X aria-hidden="true" className="size-4" />
        </Button>
      </header>
      {query.isError ? <Refusal>{reasonOf(query.error)}</Refusal> : null}
      {query.isPending ? <p className="px-3 py-2 text-muted-foreground">Loading</p> : null}
      <DataTable
        label={`Sessions of ${of.subjectId}`}
        className="max-h-80"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        footer={<LoadMore shown={rows.length} one="session" many="sessions" query={query} />}
      />
      <p className="px-3 py-2 text-xs text-muted-foreground">
        Likely, by time only: an allow event of the same zone within 50 ms. Events name no session and no subject.
      </p>
    </section>
  );
}

function Likely({ row: { likely, candidates } }: { row: WindowSession }) {
  if (likely === null) return <span className="text-muted-foreground">none within 50 ms</span>;
  const href = `/audit?${new URLSearchParams({ event: likely.id, at: likely.occurredAt })}`;
  return (
    <span>
      <Link href={href} className="text-accent underline underline-offset-2">
        {likely.resource ?? likely.id}
      </Link>{" "}
      <span className="text-muted-foreground">
        {likely.apartMs} ms apart{candidates > 1 ? `; ${candidates - 1} more as near: it may be any of them` : ""}
      </span>
    </span>
  );
}
