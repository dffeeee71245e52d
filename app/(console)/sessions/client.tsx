"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { requestHref } from "@/components/approvals/request-model";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowLink } from "@/components/data-table/row-opener";
import { TextFilter } from "@/components/data-table/text-filter";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button, buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { SessionState } from "@/components/data-table/session-state";
import { startHref } from "@/components/wizard/start-model";
import { mayCall } from "@/server/auth/policy";
import type { SessionRow } from "@/server/sessions/schemas";
import { sessionSearch, stateLabels } from "./search-params";

export function SessionsClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const zoneName = useZoneNames();
  const [filter, setFilter] = useQueryStates(sessionSearch);
  const query = useInfiniteQuery(
    trpc.sessions.list.infiniteQueryOptions(
      { zoneId: filter.zone ?? undefined, subjectId: filter.subject ?? undefined, state: filter.state },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const columns = columnsFor(zoneName, mayCall("playbooks.start", person.roles));
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Sessions"
        actions={
          mayCall("approvals.request", person.roles) ? (
            <Link
              href={requestHref("revoke-zone", {
                zone: filter.zone,
                subjects: filter.subject === null ? [] : [filter.subject],
              })}
              className={buttonStyle("outline")}
            >
              Revoke more than one subject
            </Link>
          ) : null
        }
      >
        Live means marked active <em>and</em> not yet expired. Caracal never flips a row when its time is over, so rows
        marked active can be long expired: those are listed under Expired.
      </PageTitle>
      <search className="flex flex-wrap items-start gap-3">
        <ZonePicker value={filter.zone} onChange={(zone) => void setFilter({ zone })} />
        <TextFilter
          first
          label="Subject"
          placeholder="Whole subject id"
          value={filter.subject}
          onApply={(subject) => void setFilter({ subject })}
          className="w-full sm:w-64"
        />
        <Field label="State" className="w-full sm:w-40">
          {(ids) => (
            <select
              {...ids}
              value={filter.state}
              onChange={(event) => void setFilter({ state: sessionSearch.state.parse(event.target.value) })}
              className={controlStyle}
            >
              {Object.entries(stateLabels).map(([state, label]) => (
                <option key={state} value={state}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      </search>
      <Panel
        title={`${stateLabels[filter.state]} sessions`}
        note={
          query.dataUpdatedAt > 0 ? (
            <>
              read <TimeStamp at={query.dataUpdatedAt} />
            </>
          ) : null
        }
        actions={
          <Button size="sm" disabled={query.isFetching} onClick={() => void query.refetch()}>
            Read again
          </Button>
        }
        state={panelStateOf(query, { when: rows.length === 0, sentence: emptySentence(filter) })}
      >
        <DataTable
          label="Sessions"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          footer={<LoadMore shown={rows.length} one="session" many="sessions" query={query} />}
        />
      </Panel>
    </div>
  );
}

function emptySentence(filter: { subject: string | null; state: keyof typeof stateLabels }): string {
  const whose = filter.subject === null ? "" : ` of ${filter.subject}`;
  if (filter.state === "any") return `No session${whose} is recorded here. A subject has to be given whole.`;
  return `No session${whose} is ${filter.state} here. The state “Any” shows the rest.`;
}

function columnsFor(zoneName: (id: string) => string, mayStart: boolean): readonly DataColumn<SessionRow>[] {
  return [
    {
      id: "sid",
      header: "Session (sid)",
      cell: (row) => (
        <RowLink href={`/sessions/${encodeURIComponent(row.id)}`} className="font-mono text-xs">
          {row.id}
        </RowLink>
      ),
    },
    { id: "subject", header: "Subject", cell: (row) => row.subjectId },
    { id: "type", header: "Type", cell: (row) => row.type },
    { id: "zone", header: "Zone", cell: (row) => zoneName(row.zoneId) },
    { id: "state", header: "State", cell: (row) => <SessionState row={row} /> },
    { id: "expires", header: "Expires", numeric: true, cell: (row) => <TimeStamp at={row.expiresAt} /> },
    { id: "made", header: "Made", numeric: true, cell: (row) => <TimeStamp at={row.createdAt} /> },
    {
      id: "act",
      header: <span className="sr-only">Act</span>,
      cell: (row) =>
        mayStart && row.state === "live" ? (
          <Link href={startHref({ session: row.id })} className={buttonStyle("outline", "sm")}>
            Open revoke playbook<span className="sr-only"> for {row.id}</span>
          </Link>
        ) : null,
    },
  ];
}
