"use client";

import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyButton } from "@/components/lib/copy-button";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button, buttonStyle } from "@/components/ui/button";
import { Fact, Facts } from "@/components/wizard/facts";
import { startHref } from "@/components/wizard/start-model";
import { mayCall } from "@/server/auth/policy";
import type { AuditDetail, RevealedEvent } from "@/server/audit/schemas";
import { eventHref } from "./event-href";
import { prettyJson } from "./pretty-json";
import { rawJson } from "./raw-json";
import { Reveal } from "./reveal";
import { SignedCopy } from "./signed-copy";
import { SameRequest } from "./same-request";
import { Verdict } from "./verdict";

/** One event whole: what is proved of it, its columns, its JSON, its place in the chain, and what it may belong to. */
export function EventBody({ event }: { event: AuditDetail }) {
  return (
    <div className="flex flex-col gap-4">
      <Panel title="Fields" note={<CopyText text={event.id} what="event" />}>
        <Detail key={`${event.id} ${event.occurredAt}`} event={event} />
      </Panel>
      <Verdict id={event.id} occurredAt={event.occurredAt} />
      <SameRequest event={event} />
    </div>
  );
}

/** One event beside the list. */
export function EventBeside({
  id,
  occurredAt,
  onClose,
}: {
  id: string;
  occurredAt: string | null;
  onClose: () => void;
}) {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.event.queryOptions({ id, occurredAt: occurredAt ?? undefined }));
  const event = query.data;
  return (
    <section aria-label="Event" className="flex flex-col gap-4">
      <div className="flex items-center gap-3">
        <h2 className="flex-1">Event</h2>
        {event === undefined ? null : (
          <Link href={eventHref(event)} className="text-accent underline underline-offset-2">
            Open on its own page
          </Link>
        )}
        <Button variant="ghost" size="icon" aria-label="Close the event" onClick={onClose}>
          <X aria-hidden className="size-4" />
        </Button>
      </div>
      {event === undefined ? (
        <>
          <Panel title="Fields" state={panelStateOf(query, { when: false, sentence: "" })} />
          {query.isError ? <SignedCopy eventId={id} /> : null}
        </>
      ) : (
        <EventBody event={event} />
      )}
    </section>
  );
}

function Detail({ event }: { event: AuditDetail }) {
  const [revealed, setRevealed] = useState<RevealedEvent | null>(null);
  const json = revealed ?? event;
  const raw = rawJson(event, json);
  return (
    <div className="flex flex-col gap-4 px-3 py-3">
      <Facts>
        <Fact name="Occurred">
          <TimeStamp at={event.occurredAt} date="always" />
          <span className="block font-mono text-xs text-muted-foreground">{event.occurredAt}</span>
        </Fact>
        <Fact name="Ingested">
          <TimeStamp at={event.ingestedAt} date="always" />
        </Fact>
        <Fact name="Type, decision">
          {event.eventType}, {event.decision}
          {event.evaluationStatus === null ? "" : `, ${event.evaluationStatus}`}
        </Fact>
        <Fact name="Zone">
          <CopyText text={event.zoneId} what="zone" whole />
        </Fact>
        <Fact name="Request id">
          <Id text={event.requestId} what="request" />
        </Fact>
        <Fact name="Policy set, version">
          <Id text={event.policySetId} what="policy set" /> <Id text={event.policySetVersionId} what="version" />
        </Fact>
        <Fact name="Manifest">
          <Id text={event.manifestSha} what="manifest hash" />
        </Fact>
      </Facts>
      <LikelySessions event={event} />
      {revealed === null ? (
        <Reveal event={event} onRevealed={setRevealed} />
      ) : (
        <p role="status" className="rounded-md border border-dashed px-3 py-2">
          Nothing is hidden here now. That you looked is on the record; leaving the page hides it again.
        </p>
      )}
      <Json title="Metadata" text={json.metadata} />
      <Json title="Diagnostics" text={json.diagnostics} />
      <Json title="Determining policies" text={json.determiningPolicies} />
      <details>
        <summary className="cursor-pointer">The whole row as JSON</summary>
        <div className="mt-2 flex flex-col gap-2">
          <p className="flex items-center gap-1 text-xs text-muted-foreground">
            Copy it as Postgres prints it
            {revealed === null && event.hidden.length > 0 ? ", what is hidden left out" : ""}
            <CopyButton text={raw} what="the row as JSON" />
          </p>
          <Json title="The row" text={raw} />
        </div>
      </details>
      <details>
        <summary className="cursor-pointer">The same by hand</summary>
        <div className="mt-2">
          <CommandBlock command={event.sql} title="SQL of this event" caption={false} />
        </div>
      </details>
      <section aria-label="Chain" className="flex flex-col gap-2">
        <h3>Place in the zone's chain</h3>
        <Facts>
          <Fact name="Chain seq">{event.chainSeq ?? "none"}</Fact>
          <Fact name="Content hash">
            <Id text={event.contentSha256} what="content hash" />
          </Fact>
          <Fact name="Previous content hash">
            <Id text={event.prevContentSha256} what="previous content hash" />
          </Fact>
          <Fact name="Chain seal">
            <Id text={event.chainHmac} what="chain seal" />
          </Fact>
          <Fact name="Signature at ingest">
            <Id text={event.ingestSignature} what="signature" />
          </Fact>
        </Facts>
      </section>
    </div>
  );
}

function Id({ text, what }: { text: string | null; what: string }) {
  if (text === null || text === "") return <span className="text-muted-foreground">none</span>;
  return <CopyText text={text} what={what} />;
}

/** Who has no pointer scrolls it with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

function Json({ title, text }: { title: string; text: string | null }) {
  if (text === null || text === "null") return null;
  return (
    <section aria-label={title}>
      <h3 className="mb-1">{title}</h3>
      <section
        aria-label={`${title}, as stored`}
        className="max-h-64 overflow-auto rounded-md border bg-muted px-3 py-2"
        {...scrollable}
      >
        <pre className="font-mono text-xs break-all whitespace-pre-wrap">{prettyJson(text)}</pre>
      </section>
    </section>
  );
}

function LikelySessions({ event }: { event: AuditDetail }) {
  const mayStart = mayCall("playbooks.start", usePerson().roles);
  return (
    <section aria-label="Likely sessions" className="flex flex-col gap-1">
      <h3>Likely sessions</h3>
      {event.likelySessions.length === 0 ? (
        <p className="text-muted-foreground">
          No session of this zone was made within milliseconds of the event. An event names no session, so none can be
          looked up.
        </p>
      ) : (
        <>
          <p className="text-muted-foreground">
            An event names no session. These were made in the same zone at nearly the same moment: likely, not certain.
          </p>
          <ul className="flex flex-col gap-1">
            {event.likelySessions.map((session) => (
              <li key={session.id} className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <Link
                  href={`/sessions/${encodeURIComponent(session.id)}`}
                  className="text-accent underline underline-offset-2"
                >
                  {session.subjectId}
                </Link>
                <span className="text-muted-foreground">{session.type}</span>
                <span>likely, within {Math.ceil(Math.abs(session.apartMs))} ms</span>
                {mayStart ? (
                  <Link
                    href={startHref({ event: event.id, at: event.occurredAt, session: session.id })}
                    className={buttonStyle("outline", "sm")}
                  >
                    Open revoke playbook<span className="sr-only"> for {session.subjectId}</span>
                  </Link>
                ) : null}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
