"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useState } from "react";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { EventStart } from "@/components/wizard/event-start";
import { type StartKind, startKind } from "@/components/wizard/start-model";
import { mayCall } from "@/server/auth/policy";
import type { RouterInputs } from "@/components/live/trpc";

const kinds: readonly { readonly kind: StartKind; readonly label: string }[] = [
  { kind: "session", label: "A session" },
  { kind: "subject", label: "A subject in a zone" },
  { kind: "event", label: "An audit event" },
];
type From = RouterInputs["playbooks"]["start"]["from"];

export function StartClient() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const [params, setParams] = useQueryStates({
    by: parseAsStringLiteral(["session", "subject", "event"]),
    session: parseAsString,
    zone: parseAsString,
    subject: parseAsString,
    event: parseAsString,
    at: parseAsString,
    incident: parseAsString,
  });
  const kind = params.by ?? startKind(params);
  const start = useMutation(
    trpc.playbooks.start.mutationOptions({ onSuccess: ({ runId }) => router.push(`/playbooks/runs/${runId}`) }),
  );
  const refused = !mayCall("playbooks.start", person.roles);
  const send = (from: From) => start.mutate({ from, incidentId: params.incident });
  const busy = start.isPending || start.isSuccess;

  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <header>
        <h1>Revoke a compromised session</h1>
        <p className="text-muted-foreground">
          Who is it about? Nothing is changed by starting: the next steps measure first.
        </p>
      </header>
      <Panel
        title="Start from"
        state={
          refused
            ? {
                kind: "not-allowed",
                ask: "Starting this playbook needs the role responder. Ask a colleague who holds it, or an admin for the role.",
              }
            : undefined
        }
      >
        <div className="flex flex-col gap-4 px-4 py-3">
          <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
            <legend className="sr-only">Start from</legend>
            {kinds.map((option) => (
              <label key={option.kind} className="flex min-h-8 items-center gap-2">
                <input
                  type="radio"
                  name="by"
                  checked={kind === option.kind}
                  onChange={() => void setParams({ by: option.kind })}
                  className="accent-accent"
                />
                {option.label}
              </label>
            ))}
          </fieldset>
          <IncidentChoice
            value={params.incident}
            none="A new one is declared, or the open one about the same subject"
            onChange={(incident) => void setParams({ incident })}
          />
          {kind === "session" ? (
            <BySession
              initial={params.session ?? ""}
              busy={busy}
              onStart={(sessionId) => send({ kind: "session", sessionId })}
            />
          ) : null}
          {kind === "subject" ? (
            <BySubject
              zone={params.zone}
              subject={params.subject ?? ""}
              busy={busy}
              onZone={(zone) => void setParams({ zone })}
              onStart={(zoneId, subjectId) => send({ kind: "subject", zoneId, subjectId })}
            />
          ) : null}
          {kind === "event" ? (
            <EventStart
              eventId={params.event}
              occurredAt={params.at}
              picked={params.session}
              busy={busy}
              onPick={(session) => void setParams({ session })}
              onStart={(eventId, occurredAt, sessionId) => send({ kind: "event", eventId, occurredAt, sessionId })}
            />
          ) : null}
          {start.isError ? <Refusal>{reasonOf(start.error)}</Refusal> : null}
        </div>
      </Panel>
    </div>
  );
}

function BySession({ initial, busy, onStart }: { initial: string; busy: boolean; onStart: (id: string) => void }) {
  const [id, setId] = useState(initial);
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onStart(id.trim());
      }}
    >
      <Field
        label="Session id"
        hint="The sid claim of the mandate. Its subject and zone are read from the session's row."
        className="w-full max-w-xl"
      >
        {(ids) => (
          <Input
            {...ids}
            data-filter=""
            className="font-mono"
            value={id}
            onChange={(event) => setId(event.target.value)}
          />
        )}
      </Field>
      <StartButton disabled={busy || id.trim() === ""} />
    </form>
  );
}

function BySubject({
  zone,
  subject,
  busy,
  onZone,
  onStart,
}: {
  zone: string | null;
  subject: string;
  busy: boolean;
  onZone: (zone: string | null) => void;
  onStart: (zoneId: string, subjectId: string) => void;
}) {
  const [typed, setTyped] = useState(subject);
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (zone !== null) onStart(zone, typed.trim());
      }}
    >
      <ZonePicker value={zone} onChange={onZone} all="Choose a zone" className="sm:w-full sm:max-w-xl" />
      <Field
        label="Subject id"
        hint="As it stands in sessions: a user's or an application's id."
        className="w-full max-w-xl"
      >
        {(ids) => (
          <Input {...ids} className="font-mono" value={typed} onChange={(event) => setTyped(event.target.value)} />
        )}
      </Field>
      <StartButton disabled={busy || zone === null || typed.trim() === ""} />
    </form>
  );
}

function StartButton({ disabled }: { disabled: boolean }) {
  return (
    <Button type="submit" variant="primary" disabled={disabled}>
      Start the playbook
    </Button>
  );
}
