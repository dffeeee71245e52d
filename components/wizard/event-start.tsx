"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Refusal } from "@/components/lib/refusal";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";

/** The way in from an audit event: it names no session, so the operator picks one of those made within milliseconds of it. */
export function EventStart({
  eventId,
  occurredAt,
  picked,
  busy,
  onPick,
  onStart,
}: {
  eventId: string | null;
  occurredAt: string | null;
  picked: string | null;
  busy: boolean;
  onPick: (sessionId: string) => void;
  onStart: (eventId: string, occurredAt: string, sessionId: string) => void;
}) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.audit.event.queryOptions(
      { id: eventId ?? "", occurredAt: occurredAt ?? "" },
      { enabled: eventId !== null && occurredAt !== null },
    ),
  );
  if (eventId === null || occurredAt === null) {
    return (
      <p>
        Open the event under{" "}
        <Link href="/audit" className="text-accent underline underline-offset-2">
          Audit
        </Link>{" "}
        and choose “Open revoke playbook” there.
      </p>
    );
  }
  if (query.isPending) return <p role="status">Looking for the sessions near this event.</p>;
  if (query.isError) return <Refusal>{reasonOf(query.error)}</Refusal>;
  const { likelySessions, eventType, zoneId } = query.data;
  return (
    <div className="flex flex-col items-start gap-3">
      <p className="max-w-prose">
        {eventType} in zone <CopyText text={zoneId} what="zone" /> at <TimeStamp at={occurredAt} date="always" />.
        Events name no session; these were made within milliseconds of it. That is likely, not certain.
      </p>
      {likelySessions.length === 0 ? (
        <p>
          No session of the zone was made near this event, so it does not lead to one. Start from a session or a subject
          instead.
        </p>
      ) : (
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 text-xs font-medium">Likely sessions</legend>
          {likelySessions.map((session) => (
            <label key={session.id} className="flex min-h-8 flex-wrap items-center gap-x-2">
              <input
                type="radio"
                name="likely"
                checked={picked === session.id}
                onChange={() => onPick(session.id)}
                className="accent-accent"
              />
              <span className="font-medium">{session.subjectId}</span>
              <span className="text-muted-foreground">{session.type}</span>
              <CopyText text={session.id} what="session" />
              <span>within {Math.ceil(Math.abs(session.apartMs))} ms</span>
            </label>
          ))}
        </fieldset>
      )}
      <Button
        variant="primary"
        disabled={busy || picked === null || !likelySessions.some((session) => session.id === picked)}
        onClick={() => {
          if (picked !== null) onStart(eventId, occurredAt, picked);
        }}
      >
        Start the playbook
      </Button>
    </div>
  );
}
