"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { LoadMore } from "@/components/data-table/load-more";
import { DataTable } from "@/components/data-table/data-table";
import { PageTitle } from "@/components/data-table/page-title";
import { TextFilter } from "@/components/data-table/text-filter";
import { incidentColumns } from "@/components/incidents/incident-columns";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { mayCall } from "@/server/auth/policy";
import { severities } from "@/server/platform/severity";
import { incidentSearch, showLabels, shows } from "./search-params";

export function IncidentsClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const [filter, setFilter] = useQueryStates(incidentSearch);
  const query = useInfiniteQuery(
    trpc.incidents.list.infiniteQueryOptions(
      { show: filter.show, severities: filter.severity, text: filter.text },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData, refetchInterval: 30_000 },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const toggle = (severity: (typeof severities)[number]) =>
    void setFilter({
      severity: filter.severity.includes(severity)
        ? filter.severity.filter((held) => held !== severity)
        : [...filter.severity, severity],
    });
  return (
    <div className="flex flex-col gap-4">
      <PageTitle
        title="Incidents"
        actions={
          mayCall("incidents.declare", person.roles) ? (
            <Link href="/incidents/new" className={buttonStyle("primary")}>
              Declare an incident
            </Link>
          ) : null
        }
      >
        Open ones worst first. Whatever is done during an incident stands on its record, which cannot be changed
        quietly.
      </PageTitle>
      <search className="flex flex-wrap items-end gap-3">
        <Field label="Show" className="w-44">
          {(ids) => (
            <select
              {...ids}
              value={filter.show}
              onChange={(event) => void setFilter({ show: incidentSearch.show.parse(event.target.value) })}
              className={controlStyle}
            >
              {shows.map((show) => (
                <option key={show} value={show}>
                  {showLabels[show]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <fieldset className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
          <legend className="mb-1 text-xs font-medium">Severity</legend>
          {severities.map((severity) => (
            <label key={severity} className="flex min-h-8 items-center gap-1.5">
              <input
                type="checkbox"
                checked={filter.severity.includes(severity)}
                onChange={() => toggle(severity)}
                className="accent-accent"
              />
              <SeverityMark severity={severity} />
            </label>
          ))}
        </fieldset>
        <TextFilter
          first
          label="Text"
          placeholder="In the title, or INC-14"
          maxLength={100}
          value={filter.text || null}
          onApply={(text) => void setFilter({ text: text ?? "" })}
          className="w-full sm:w-64"
        />
      </search>
      <Panel
        title={showLabels[filter.show]}
        note={
          query.dataUpdatedAt > 0 ? (
            <>
              read <TimeStamp at={query.dataUpdatedAt} />
            </>
          ) : null
        }
        state={panelStateOf(query, { when: rows.length === 0, sentence: emptySentence(filter) })}
      >
        <DataTable
          label="Incidents"
          columns={incidentColumns}
          rows={rows}
          rowKey={(row) => row.id}
          footer={<LoadMore shown={rows.length} one="incident" many="incidents" query={query} />}
        />
      </Panel>
    </div>
  );
}

function emptySentence(filter: {
  readonly show: (typeof shows)[number];
  readonly severity: readonly string[];
  readonly text: string;
}): string {
  if (filter.text !== "" || filter.severity.length > 0) return "No incident matches. Fewer filters may show one.";
  if (filter.show === "open") return "No incident is open. Closed ones are under “Closed and merged”.";
  return filter.show === "closed" ? "No incident has been closed yet." : "No incident has been declared yet.";
}
