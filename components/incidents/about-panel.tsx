"use client";

import { X } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { incidentHref, incidentName } from "@/components/incidents/incident-words";
import { PersonDialog } from "@/components/incidents/person-dialog";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { Panel } from "@/components/lib/panel";
import { useSnapshot } from "@/components/live/live-hooks";
import { buttonStyle } from "@/components/ui/button";
import { controlStyle } from "@/components/ui/input";
import { Field } from "@/components/ui/field";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { IncidentView } from "@/server/incidents/schemas";

function Remove({ what, onRemove }: { what: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      aria-label={`Take ${what} off`}
      onClick={onRemove}
      className={buttonStyle("ghost", "icon", "size-6")}
    >
      <X aria-hidden className="size-3.5" />
    </button>
  );
}

function AddLink({ acts }: { acts: IncidentActs }) {
  const { replicas } = useSnapshot();
  const [zone, setZone] = useState<string | null>(null);
  const [service, setService] = useState("");
  return (
    <ConfirmAct
      size="sm"
      label="Attach"
      title="What else is it about?"
      confirm="Attach"
      disabled={false}
      onConfirm={async () => {
        const zoneDone = zone === null || (await acts.addLink({ kind: "zone", ref: zone }));
        const serviceDone = service === "" || (await acts.addLink({ kind: "service", ref: service }));
        if (zoneDone) setZone(null);
        if (serviceDone) setService("");
        return zoneDone && serviceDone;
      }}
    >
      <ZonePicker value={zone} onChange={setZone} all="No zone" className="sm:w-full" />
      <Field label="Service replica">
        {(ids) => (
          <select
            {...ids}
            value={service}
            onChange={(event) => setService(event.target.value)}
            className={controlStyle}
          >
            <option value="">None</option>
            {replicas.map((replica) => (
              <option key={replica.id}>{replica.id}</option>
            ))}
          </select>
        )}
      </Field>
    </ConfirmAct>
  );
}

/** What it is about and who works on it. */
export function AboutPanel({ view, acts, mayAct }: { view: IncidentView; acts: IncidentActs; mayAct: boolean }) {
  return (
    <>
      <Panel title="Zones and services" actions={mayAct ? <AddLink acts={acts} /> : null}>
        <ul className="px-3 py-1">
          {view.links.length === 0 ? <li className="py-1 text-muted-foreground">None attached.</li> : null}
          {view.links.map((link) => (
            <li key={`${link.kind} ${link.ref}`} className="flex items-center gap-2 py-0.5">
              <span className="text-xs text-muted-foreground">{link.kind}</span>
              {link.kind === "zone" ? (
                <Link
                  href={`/sessions?zone=${encodeURIComponent(link.ref)}`}
                  className="min-w-0 flex-1 truncate text-accent underline underline-offset-2 hover:no-underline"
                >
                  {link.label}
                </Link>
              ) : (
                <span className="min-w-0 flex-1 truncate">{link.label}</span>
              )}
              {mayAct ? <Remove what={link.label} onRemove={() => void acts.removeLink(link)} /> : null}
            </li>
          ))}
        </ul>
      </Panel>
      <Panel
        title="Responders"
        note={view.restricted ? "Who may see it, beside security and admin" : undefined}
        actions={
          mayAct ? (
            <PersonDialog
              label="Add"
              title="Who else works on it?"
              description="A responder sees the incident even while it is restricted."
              onChoose={(personId) => (personId === null ? Promise.resolve(false) : acts.addMember(personId))}
            />
          ) : null
        }
      >
        <ul className="px-3 py-1">
          {view.members.length === 0 ? <li className="py-1 text-muted-foreground">Nobody yet.</li> : null}
          {view.members.map((person) => (
            <li key={person.id} className="flex items-center gap-2 py-0.5">
              <span className="min-w-0 flex-1 truncate">{person.name}</span>
              {mayAct ? <Remove what={person.name} onRemove={() => void acts.removeMember(person.id)} /> : null}
            </li>
          ))}
        </ul>
      </Panel>
      {view.merged.length > 0 ? (
        <Panel title="Merged into this one">
          <ul className="px-3 py-1">
            {view.merged.map((other) => (
              <li key={other.id} className="py-0.5">
                <Link
                  href={incidentHref(other.id)}
                  className="text-accent underline underline-offset-2 hover:no-underline"
                >
                  {incidentName(other.number)}
                </Link>{" "}
                {other.title}
              </li>
            ))}
          </ul>
        </Panel>
      ) : null}
    </>
  );
}
