"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { AttachIncident } from "@/components/approvals/attach-incident";
import { PageTitle } from "@/components/data-table/page-title";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { guidedCatalogue } from "@/server/playbooks/guided/catalogue";
import { Panel } from "@/components/lib/panel";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";
import { aboutServices } from "@/server/playbooks/guided/schemas";
import { newGuidedSearch } from "./search-params";

const shortest = 4;

export function NewGuidedClient() {
  const trpc = useTRPC();
  const router = useRouter();
  const person = usePerson();
  const [draft, setDraft] = useQueryStates(newGuidedSearch);
  const [reason, setReason] = useState("");
  const [drill, setDrill] = useState(false);
  const start = useMutation(
    trpc.guided.start.mutationOptions({ onSuccess: ({ runId }) => router.push(`/playbooks/guided/${runId}`) }),
  );
  const chosen = guidedCatalogue.find(({ name }) => name === draft.playbook);
  const lacks = reason.trim().length < shortest || (chosen?.oneZone === true && draft.zone === null);
  return (
    <div className="flex max-w-4xl flex-col gap-4">
      <PageTitle title="Start a playbook">Nothing happens in Caracal by starting one.</PageTitle>
      <Panel
        title="What and why"
        state={
          mayCall("guided.start", person.roles)
            ? undefined
            : { kind: "not-allowed", ask: "Starting a playbook needs the role responder or security." }
        }
      >
        <div className="flex flex-col items-start gap-3 px-3 py-3">
          <Field label="Playbook" className="w-full max-w-xl" hint={chosen?.about}>
            {(ids) => (
              <select
                {...ids}
                value={draft.playbook}
                className={controlStyle}
                onChange={(event) =>
                  void setDraft({
                    playbook: guidedCatalogue.find(({ name }) => name === event.target.value)?.name ?? null,
                  })
                }
              >
                {guidedCatalogue.map(({ name, title }) => (
                  <option key={name} value={name}>
                    {title}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {chosen?.oneZone ? (
            <ZonePicker
              value={draft.zone}
              onChange={(zone) => void setDraft({ zone })}
              all="Choose a zone"
              className="sm:w-full sm:max-w-xl"
            />
          ) : null}
          {chosen?.aboutService ? (
            <Field label="Service" className="w-full max-w-xl">
              {(ids) => (
                <select
                  {...ids}
                  value={draft.service}
                  className={controlStyle}
                  onChange={(event) =>
                    void setDraft({ service: aboutServices.find((one) => one === event.target.value) ?? null })
                  }
                >
                  {aboutServices.map((one) => (
                    <option key={one} value={one}>
                      {one === "all" ? "Every service" : one}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          ) : null}
          <AttachIncident
            value={draft.incident}
            severity={chosen?.severity ?? "P1"}
            onChange={(incident) => void setDraft({ incident })}
          />
          <Field label="Why it is started" className="w-full max-w-xl">
            {(ids) => <Textarea {...ids} rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
          <label className="flex min-h-8 items-center gap-2">
            <input
              type="checkbox"
              className="accent-accent"
              checked={drill}
              onChange={(event) => setDrill(event.target.checked)}
            />
            This is a drill: it is marked as one and counts in no figure
          </label>
          {start.isError ? <p role="alert">{reasonOf(start.error)}</p> : null}
          <Button
            variant="primary"
            disabled={lacks || start.isPending || start.isSuccess}
            onClick={() =>
              start.mutate({
                playbook: draft.playbook,
                zoneId: chosen?.oneZone ? draft.zone : null,
                service: chosen?.aboutService ? draft.service : null,
                incidentId: draft.incident,
                reason: reason.trim(),
                drill,
              })
            }
          >
            Start
          </Button>
        </div>
      </Panel>
    </div>
  );
}
