"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { PageTitle } from "@/components/data-table/page-title";
import { RowLink } from "@/components/data-table/row-opener";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Badge } from "@/components/ui/badge";
import { buttonStyle } from "@/components/ui/button";
import { startHref } from "@/components/wizard/start-model";
import { mayCall } from "@/server/auth/policy";
import { GuidedCatalogue, GuidedRuns } from "./guided-panels";
import type { RunState, RunSummary } from "@/server/playbooks/schemas";

const stateWords: Readonly<Record<RunState, string>> = {
  identify: "1 Identify",
  blast_radius: "2 Blast radius",
  revoke: "3 Revoke",
  verify: "4 Verify",
  wait: "5 Wait",
  done: "Done",
  abandoned: "Abandoned",
};

const columns: readonly DataColumn<RunSummary>[] = [
  {
    id: "run",
    header: "Subject",
    cell: (run) => (
      <>
        <RowLink href={`/playbooks/runs/${run.id}`}>{run.subject.id}</RowLink>{" "}
        {run.drill ? <Badge tone="strong">Drill</Badge> : null}
      </>
    ),
  },
  { id: "zone", header: "Zone", cell: (run) => run.zone.name },
  {
    id: "state",
    header: "Step",
    cell: (run) => (
      <Badge tone={run.state === "done" ? "ok" : run.state === "abandoned" ? "neutral" : "accent"}>
        {stateWords[run.state]}
      </Badge>
    ),
  },
  { id: "progress", header: "Progress", cell: (run) => run.progress },
  { id: "driver", header: "Driver", cell: (run) => run.driver.name },
  { id: "started", header: "Started", cell: (run) => <TimeStamp at={run.createdAt} /> },
  { id: "changed", header: "Last change", cell: (run) => <TimeStamp at={run.updatedAt} /> },
];

export function PlaybooksClient() {
  const trpc = useTRPC();
  const person = usePerson();
  const mayStart = mayCall("playbooks.start", person.roles);
  const query = useInfiniteQuery(
    trpc.playbooks.runs.infiniteQueryOptions(
      {},
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 5_000, placeholderData: keepPreviousData },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <PageTitle title="Playbooks">
        Containment one checked step at a time. A step is done when a probe says so, not because a call returned.
      </PageTitle>
      <Panel title="Catalogue">
        <div className="flex flex-wrap items-center gap-3 px-3 py-3">
          <div className="min-w-0 flex-1 basis-72">
            <h3>Revoke a compromised session</h3>
            <p className="max-w-prose text-muted-foreground">
              One subject in one zone: every live session is revoked, its agent sessions end, and each consumer group's
              reading is proved. One responder is enough. From the first write to proof usually takes seconds.
            </p>
          </div>
          {mayStart ? (
            <Link href={startHref({})} className={buttonStyle("primary")}>
              Start
            </Link>
          ) : (
            <p className="text-muted-foreground">Starting it needs the role responder.</p>
          )}
        </div>
        <GuidedCatalogue />
      </Panel>
      <GuidedRuns />
      <Panel
        title="Runs"
        note="Newest first"
        state={panelStateOf(query, { when: rows.length === 0, sentence: "No playbook has been run here yet." })}
      >
        <DataTable
          label="Playbook runs"
          columns={columns}
          rows={rows}
          rowKey={(run) => run.id}
          footer={<LoadMore shown={rows.length} one="run" many="runs" query={query} />}
        />
      </Panel>
    </div>
  );
}
