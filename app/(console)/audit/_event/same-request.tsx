"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { AuditDetail } from "@/server/audit/schemas";
import { eventHref } from "./event-href";

const day = 86_400_000;
const most = 20;

/** Events of the same request id, a day to either side. Callers choose request ids, so the same id does not prove the same request. */
export function SameRequest({ event }: { event: AuditDetail }) {
  const trpc = useTRPC();
  const asked = event.requestId !== null && !event.requestId.includes("[redacted: "); // what is hidden leads nowhere
  const at = Date.parse(event.occurredAt);
  const query = useQuery(
    trpc.audit.search.queryOptions(
      {
        requestId: event.requestId ?? "",
        zoneId: event.zoneId,
        since: new Date(at - day).toISOString(),
        until: new Date(at + day).toISOString(),
        limit: most,
      },
      { enabled: asked },
    ),
  );
  const others = (query.data?.rows ?? []).filter((row) => row.id !== event.id);
  if (!asked) return null;
  return (
    <Panel
      title="Same request id"
      state={panelStateOf(query, {
        when: others.length === 0,
        sentence: "No other event of this zone carries this request id within a day.",
      })}
    >
      <ul className="flex flex-col gap-1 px-3 py-3">
        {others.map((row) => (
          <li key={row.id} className="flex flex-wrap gap-x-2">
            <Link href={eventHref(row)} className="text-accent underline underline-offset-2">
              <TimeStamp at={row.occurredAt} show="time" />
            </Link>
            <span>
              {row.eventType}, {row.decision}
              {row.resource === null ? "" : `, ${row.resource}`}
            </span>
          </li>
        ))}
      </ul>
      {query.data?.older ? (
        <p className="px-3 pb-3 text-muted-foreground">The newest {most}: search for the id to see all.</p>
      ) : null}
    </Panel>
  );
}
