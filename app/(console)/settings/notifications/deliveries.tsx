"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { controlStyle } from "@/components/ui/input";
import { type Delivery, type DeliveryState, deliveryStates } from "@/server/notifications/schemas";

const stateWords: Readonly<Record<DeliveryState, string>> = {
  waiting: "Waits",
  sending: "Is being sent",
  sent: "Sent",
  failed: "Failed",
  suppressed: "Suppressed",
  stopped: "Stopped",
};
const tones = {
  waiting: "accent",
  sending: "accent",
  sent: "ok",
  failed: "strong",
  suppressed: "neutral",
  stopped: "neutral",
} as const satisfies Readonly<Record<DeliveryState, string>>;

const columns: readonly DataColumn<Delivery>[] = [
  {
    id: "state",
    header: "State",
    cell: (row) => <Badge tone={tones[row.state]}>{stateWords[row.state]}</Badge>,
  },
  {
    id: "what",
    header: "Message",
    className: "min-w-64 whitespace-normal",
    cell: (row) => (
      <>
        <SeverityMark severity={row.severity} /> {row.sentence}{" "}
        {row.incident === null ? null : (
          <Link href={`/incidents/${row.incident.id}`} className="whitespace-nowrap underline underline-offset-2">
            INC-{row.incident.number}
          </Link>
        )}
      </>
    ),
  },
  { id: "tier", header: "Tier, step", cell: (row) => `${row.tier}, ${row.step}` },
  { id: "channel", header: "Channel", cell: (row) => row.channel },
  { id: "attempts", header: "Attempts", numeric: true, cell: (row) => row.attempts },
  {
    id: "why",
    header: "Why, or the last error",
    className: "min-w-40 whitespace-normal",
    cell: (row) => row.reason ?? "–",
  },
  {
    id: "due",
    header: "Next attempt, or end",
    className: "whitespace-normal",
    cell: (row) => <TimeStamp at={row.finishedAt ?? row.dueAt} className="whitespace-normal" />,
  },
  {
    id: "made",
    header: "Planned",
    className: "whitespace-normal",
    cell: (row) => <TimeStamp at={row.createdAt} className="whitespace-normal" />,
  },
];

/** The outbox of messages, newest first: nothing is lost quietly. */
export function Deliveries() {
  const trpc = useTRPC();
  const [state, setState] = useState<DeliveryState | null>(null);
  const query = useInfiniteQuery(
    trpc.notifications.deliveries.infiniteQueryOptions(
      { states: state === null ? [] : [state] },
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: 10_000, placeholderData: keepPreviousData },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Deliveries"
      note="Newest first"
      actions={
        <select
          aria-label="State of the deliveries"
          value={state ?? ""}
          className={controlStyle}
          onChange={(event) => setState(deliveryStates.find((one) => one === event.target.value) ?? null)}
        >
          <option value="">Every state</option>
          {deliveryStates.map((one) => (
            <option key={one} value={one}>
              {stateWords[one]}
            </option>
          ))}
        </select>
      }
      state={panelStateOf(query, {
        when: rows.length === 0,
        sentence: state === null ? "No message has been planned yet." : "No message is in that state.",
      })}
    >
      <DataTable
        label="Deliveries"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        className="max-h-[32rem]"
        footer={<LoadMore shown={rows.length} one="message" many="messages" query={query} />}
      />
    </Panel>
  );
}
