"use client";

import { useState } from "react";
import { incidentName } from "@/components/incidents/incident-words";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { useBoard } from "@/components/live/live-hooks";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { IncidentView } from "@/server/incidents/schemas";

/** Folds this incident into another open one; offered only while there is another. */
export function MergeInto({ view, acts }: { view: IncidentView; acts: IncidentActs }) {
  const others = useBoard().incidents.filter((incident) => incident.id !== view.id);
  const [into, setInto] = useState("");
  if (others.length === 0) return null;
  const chosen = others.find((incident) => incident.id === into) ?? others[0];
  if (chosen === undefined) return null;
  return (
    <ConfirmAct
      size="sm"
      label="Merge into another incident"
      title={`Merge ${incidentName(view.number)} into another`}
      confirm={`Merge into ${incidentName(chosen.number)}`}
      reasonLabel="Why they are the same, for the record"
      onConfirm={(reason) => acts.merge(chosen.id, reason)}
    >
      <p>
        Signals, responders, zones, runs and open approvals go over. This record stays readable at its own address and
        ends here. A restricted incident makes the other one restricted too. It cannot be undone.
      </p>
      <Field label="Into">
        {(ids) => (
          <select {...ids} value={chosen.id} onChange={(event) => setInto(event.target.value)} className={controlStyle}>
            {others.map((incident) => (
              <option key={incident.id} value={incident.id}>
                {incident.severity} {incidentName(incident.number)} {incident.title}
              </option>
            ))}
          </select>
        )}
      </Field>
    </ConfirmAct>
  );
}
