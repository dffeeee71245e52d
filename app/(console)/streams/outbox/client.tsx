"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { Panel } from "@/components/lib/panel";
import { NumberCell } from "@/components/lib/number-cell";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useSnapshot } from "@/components/live/live-hooks";
import { useTRPC } from "@/components/live/trpc";
import { Tab, Tabs, TabsList, TabsPanel } from "@/components/ui/tabs";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { OutboxOverview } from "@/server/outbox/schemas";
import { OutboxRows } from "./outbox-rows";
import { Requeues } from "./requeues";
import { outboxSearch } from "./search-params";

const outboxes = ["event_outbox", "caracal_outbox"] as const;
const whose = {
  event_outbox: "The API's: revocations, policy and key messages",
  caracal_outbox: "The coordinator's: agents and delegations",
} as const;
const states = ["waiting", "failing", "dead"] as const;
const count = new Intl.NumberFormat("en");

/** What waits, fails and is dead, by stream, with the oldest of each. */
function Overview({ outbox }: { outbox: (typeof outboxes)[number] }) {
  const trpc = useTRPC();
  const snapshot = useSnapshot();
  const query = useQuery(
    trpc.outbox.overview.queryOptions({ outbox }, { placeholderData: keepPreviousData, refetchInterval: 5_000 }),
  );
  const view = query.data;
  const told = snapshot.replicas
    .filter(({ kind, metricsStatus }) => kind === "coordinator" && metricsStatus === "ok")
    .map(
      ({ id, metrics }) =>
        `${id} counts ${metrics["outbox.pending"] ?? 0} pending, ${metrics["outbox.dead"] ?? 0} dead`,
    );
  return (
    <Panel
      title={<span className="font-mono text-xs">{outbox}</span>}
      note={whose[outbox]}
      state={panelStateOf(query, { when: view?.counts.length === 0, sentence: emptyWords(outbox, view) })}
    >
      {view === undefined ? null : (
        <>
          <Table label={`What waits in ${outbox}`}>
            <TableHead>
              <tr>
                <TableHeader>Stream and state</TableHeader>
                <TableHeader numeric>Rows</TableHeader>
                <TableHeader>Oldest</TableHeader>
              </tr>
            </TableHead>
            <TableBody>
              {view.counts.map((line) => (
                <TableRow key={`${line.stream} ${line.state}`}>
                  <TableCell>
                    <span className="font-mono text-xs">{line.stream}</span>{" "}
                    <span className="max-sm:block sm:ml-2">{line.state}</span>
                  </TableCell>
                  <TableCell numeric>
                    <NumberCell value={line.rows} />
                  </TableCell>
                  <TableCell>
                    <TimeStamp at={line.oldest} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
          <p className="border-t px-3 py-2 text-xs text-muted-foreground">{reachWords(view)}</p>
        </>
      )}
      {outbox === "caracal_outbox" && told.length > 0 ? (
        <p className="border-t px-3 py-2 text-xs text-muted-foreground">Of the whole table {told.join("; ")}.</p>
      ) : null}
    </Panel>
  );
}

function emptyWords(outbox: (typeof outboxes)[number], view: OutboxOverview | undefined): string {
  return outbox === "event_outbox" || view?.capped === false
    ? "Nothing waits: everything written was published."
    : `Nothing waits among the newest ${count.format(view?.lookedThrough ?? 0)} rows.`;
}

function reachWords({ outbox, capped, lookedThrough }: OutboxOverview): string {
  if (!capped) return "Every row that is not published.";
  return outbox === "event_outbox"
    ? `At least: more than ${count.format(lookedThrough)} rows are not published, and no more are counted.`
    : `At least: among the newest ${count.format(lookedThrough)} rows. No index tells the rest apart.`;
}

/** Both outboxes at a glance, then the rows of one in a state, and what was tried again. */
export function OutboxClient() {
  const [{ outbox, state }, setParams] = useQueryStates(outboxSearch, { history: "push" });
  return (
    <div className="flex flex-col gap-4">
      <nav aria-label="Breadcrumb" className="text-xs">
        <Link href="/streams" className="text-accent underline-offset-2 hover:underline">
          Streams
        </Link>
      </nav>
      <header>
        <h1>Outboxes: what was written and is not published</h1>
        <p className="max-w-prose text-muted-foreground">
          A message is a row before it is on a stream. After 100 attempts a row of the API is parked; nobody publishes a
          dead row until two people have it tried again.
        </p>
      </header>
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
        {outboxes.map((one) => (
          <Overview key={one} outbox={one} />
        ))}
      </div>
      <Tabs
        value={outbox}
        onValueChange={(next) => void setParams({ outbox: outboxes.find((one) => one === next) ?? outbox })}
      >
        <TabsList>
          {outboxes.map((one) => (
            <Tab key={one} value={one} className="font-mono text-xs">
              {one}
            </Tab>
          ))}
        </TabsList>
        {outboxes.map((one) => (
          <TabsPanel key={one} value={one} className="flex flex-col gap-4 pt-3">
            <OutboxRows
              key={`${one} ${state}`}
              outbox={one}
              state={state}
              states={states}
              onState={(next) => void setParams({ state: next })}
            />
            <Requeues outbox={one} />
          </TabsPanel>
        ))}
      </Tabs>
    </div>
  );
}
