"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";

/** Audit events that the session may belong to: by zone and time alone, since events name no session. */
export function LikelyEvents({ sessionId }: { sessionId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.likelyEvents.queryOptions({ sessionId }));
  return (
    <Panel
      title="Likely audit events"
      state={panelStateOf(query, {
        when: query.data?.length === 0,
        sentence:
          "No event of this zone occurred within milliseconds of when the session was made. Retention may have dropped it.",
      })}
    >
      <div className="flex flex-col gap-2 px-4 py-3">
        <p className="text-muted-foreground">
          Events name no session. These occurred in its zone at nearly the moment it was made: likely, not certain.
        </p>
        <ul className="flex flex-col gap-1">
          {query.data?.map((event) => (
            <li key={event.id} className="flex flex-wrap gap-x-2">
              <Link
                href={`/audit/events/${encodeURIComponent(event.id)}?${new URLSearchParams({ at: event.occurredAt })}`}
                className="text-accent underline underline-offset-2"
              >
                {event.eventType}, {event.decision}
              </Link>
              {event.resource === null ? null : <span>{event.resource}</span>}
              <TimeStamp at={event.occurredAt} show="time" />
              <span className="text-muted-foreground">likely, within {Math.ceil(event.apartMs)} ms</span>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}
