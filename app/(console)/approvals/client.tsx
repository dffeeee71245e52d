"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { mineInQueue, stateWords, voteProgress } from "@/components/approvals/approval-words";
import { Countdown } from "@/components/approvals/countdown";
import { useReadOnBoardChange } from "@/components/approvals/use-read-on-board-change";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowLink } from "@/components/data-table/row-opener";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { mayCall } from "@/server/auth/policy";
import type { ApprovalSummary } from "@/server/approvals/schemas";
import { approvalSearch, showLabels, shows } from "./search-params";

const columns: readonly DataColumn<ApprovalSummary>[] = [
  {
    id: "action",
    header: "Request",
    className: "min-w-64 whitespace-normal",
    cell: (row) => (
      <>
        <SeverityMark severity={row.severity} />{" "}
        <RowLink href={`/approvals/${row.id}`} className="font-medium">
          {row.label}
        </RowLink>
        <span className="block max-w-prose text-muted-foreground">{row.blast.sentence}</span>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: (row) => (
      <Badge tone={row.state === "pending" ? "accent" : row.state === "approved" ? "ok" : "neutral"}>
        {stateWords[row.state]}
      </Badge>
    ),
  },
  { id: "left", header: "Time left", cell: (row) => <Countdown approval={row} /> },
  { id: "votes", header: "Votes", cell: (row) => voteProgress(row) },
  { id: "mine", header: "You", cell: (row) => mineInQueue(row) },
  { id: "requester", header: "Asked by", cell: (row) => row.requester.name },
  {
    id: "incident",
    header: "Incident",
    cell: ({ incident }) =>
      incident === null ? (
        "–"
      ) : (
        <Link href={`/incidents/${incident.id}`} className="underline underline-offset-2">
          INC-{incident.number}
        </Link>
      ),
  },
  { id: "asked", header: "Asked", cell: (row) => <TimeStamp at={row.requestedAt} /> },
];

export function ApprovalsClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const [{ show }, setSearch] = useQueryStates(approvalSearch);
  const query = useInfiniteQuery(
    trpc.approvals.list.infiniteQueryOptions(
      { show },
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 10_000, placeholderData: keepPreviousData },
    ),
  );
  useReadOnBoardChange(null, query.refetch);
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Approvals"
        actions={
          mayCall("approvals.request", person.roles) ? (
            <Link href="/approvals/new" className={buttonStyle("outline")}>
              Ask for an act
            </Link>
          ) : null
        }
      >
        Nothing P1 happens on one person's word. A vote is for exact bytes; whatever changes afterwards voids it.
      </PageTitle>
      <search>
        <Field label="Show" className="w-full sm:w-40">
          {(ids) => (
            <select
              {...ids}
              data-filter=""
              value={show}
              className={controlStyle}
              onChange={(event) => void setSearch({ show: approvalSearch.show.parse(event.target.value) })}
            >
              {shows.map((one) => (
                <option key={one} value={one}>
                  {showLabels[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
      </search>
      <Panel
        title={`${showLabels[show]} requests`}
        note={show === "open" ? "Pending and approved ones" : "Newest first"}
        state={panelStateOf(query, {
          when: rows.length === 0,
          sentence: show === "open" ? "Nothing waits for a second person." : "No request has been made yet.",
        })}
      >
        <DataTable
          label="Approval requests"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          footer={<LoadMore shown={rows.length} one="request" many="requests" query={query} />}
        />
      </Panel>
    </div>
  );
}
