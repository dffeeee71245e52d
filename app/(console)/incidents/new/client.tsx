"use client";

import { useMutation } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useRouter } from "next/navigation";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { toast } from "sonner";
import { useZoneNames } from "@/components/data-table/use-zone-names";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { SeverityChoice } from "@/components/incidents/severity-choice";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { useSnapshot } from "@/components/live/live-hooks";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button, buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";
import { declareIncidentInput } from "@/server/incidents/schemas";
import type { Severity } from "@/server/platform/severity";

const shortest = 4;

export function DeclareClient() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const zoneName = useZoneNames();
  const { signals } = useSnapshot();
  const [signalKey] = useQueryState("signal", parseAsString);
  const [signal] = useState(() => signals.find((candidate) => candidate.key === signalKey) ?? null);
  const [title, setTitle] = useState(signal?.sentence.slice(0, 200) ?? "");
  const [severity, setSeverity] = useState<Severity>(signal?.severity ?? "P2");
  const [restricted, setRestricted] = useState(false);
  const [drill, setDrill] = useState(false);
  const [zoneIds, setZoneIds] = useState<readonly string[]>([]);
  const [note, setNote] = useState("");
  const [asked, setAsked] = useState(false);
  const declare = useMutation(
    trpc.incidents.declare.mutationOptions({
      onSuccess({ incidentId, number, folded }) {
        toast.success(
          folded
            ? `${incidentName(number)} holds this signal already. No second incident was declared.`
            : `${incidentName(number)} is declared.`,
        );
        router.push(incidentHref(incidentId));
      },
    }),
  );
  const parsed = declareIncidentInput.safeParse({
    title,
    severity,
    restricted,
    drill,
    zoneIds: [...zoneIds],
    signalKey: signal?.key ?? null,
    note,
  });
  const refused = !mayCall("incidents.declare", person.roles);
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <header>
        <h1>Declare an incident</h1>
        <p className="text-muted-foreground">
          Better one too many than one too late: it can be lowered, merged or closed. The clocks run from now, and
          whoever the severity's rules name is told.
        </p>
      </header>
      {signalKey !== null && signal === null ? (
        <p role="status" className="rounded-md border border-dashed bg-card px-3 py-2">
          The signal that this was opened from is over. The incident is declared without it.
        </p>
      ) : null}
      <Panel
        title={signal === null ? "What is it?" : "From the signal"}
        note={signal === null ? undefined : signal.sentence}
        state={
          refused
            ? {
                kind: "not-allowed",
                ask: "Declaring needs one of the roles responder, approver, security, compliance or admin. Ask a colleague who holds one.",
              }
            : undefined
        }
      >
        <form
          className="flex flex-col gap-4 px-4 py-3"
          onSubmit={(event) => {
            event.preventDefault();
            setAsked(true);
            if (parsed.success) declare.mutate(parsed.data);
          }}
        >
          <Field
            label="Title"
            hint="What is wrong, in one line. Without secrets: it stands in messages."
            error={asked && title.trim().length < shortest ? "Write at least 4 characters." : undefined}
          >
            {(ids) => (
              <Input {...ids} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
            )}
          </Field>
          <SeverityChoice value={severity} onChange={setSeverity} />
          <div className="flex flex-col gap-1">
            <label className="flex items-start gap-2">
              <input
                type="checkbox"
                checked={restricted}
                onChange={(event) => setRestricted(event.target.checked)}
                className="mt-1 accent-accent"
              />
              <span>
                Restricted
                <span className="block text-xs text-muted-foreground">
                  Only its responders, security and admin see it, anywhere.
                </span>
              </span>
            </label>
            <label className="flex items-start gap-2">
              <input
                type="checkbox"
                checked={drill}
                onChange={(event) => setDrill(event.target.checked)}
                className="mt-1 accent-accent"
              />
              <span>
                Drill
                <span className="block text-xs text-muted-foreground">
                  Practice: marked as such everywhere, and nobody is woken by its declaration.
                </span>
              </span>
            </label>
          </div>
          <div className="flex flex-col gap-1">
            <ZonePicker
              value={null}
              all={zoneIds.length === 0 ? "Choose a zone, if you know it" : "Add another zone"}
              onChange={(zone) => {
                if (zone !== null && !zoneIds.includes(zone)) setZoneIds([...zoneIds, zone]);
              }}
              className="sm:w-72"
            />
            <ul className="flex flex-wrap gap-1.5">
              {zoneIds.map((zone) => (
                <li key={zone} className="inline-flex items-center gap-1 rounded-sm border bg-muted pl-2">
                  {zoneName(zone)}
                  <button
                    type="button"
                    aria-label={`Leave out ${zoneName(zone)}`}
                    onClick={() => setZoneIds(zoneIds.filter((held) => held !== zone))}
                    className={buttonStyle("ghost", "icon", "size-6")}
                  >
                    <X aria-hidden className="size-3.5" />
                  </button>
                </li>
              ))}
            </ul>
          </div>
          <Field label="First note" hint="What you know so far. Optional.">
            {(ids) => (
              <Textarea {...ids} value={note} maxLength={4_000} onChange={(event) => setNote(event.target.value)} />
            )}
          </Field>
          {declare.isError ? <Refusal>{reasonOf(declare.error)}</Refusal> : null}
          <Button
            type="submit"
            variant="primary"
            disabled={declare.isPending || declare.isSuccess}
            className="self-start"
          >
            {declare.isPending ? "Declaring" : `Declare ${severity}`}
          </Button>
        </form>
      </Panel>
    </div>
  );
}
