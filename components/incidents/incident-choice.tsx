"use client";

import { incidentName } from "@/components/incidents/incident-words";
import { useBoard } from "@/components/live/live-hooks";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";

/** Which open incident what follows belongs to; null: a new one is declared for it. */
export function IncidentChoice({
  value,
  none,
  onChange,
}: {
  value: string | null;
  none: string;
  onChange: (incidentId: string | null) => void;
}) {
  const { incidents } = useBoard();
  const known = value === null || incidents.some((incident) => incident.id === value);
  return (
    <Field label="Incident" hint="What is done goes on its record." className="w-full max-w-xl">
      {(ids) => (
        <select
          {...ids}
          value={value ?? ""}
          onChange={(event) => onChange(event.target.value || null)}
          className={controlStyle}
        >
          <option value="">{none}</option>
          {known ? null : <option value={value ?? ""}>The incident of the link</option>}
          {incidents.map((incident) => (
            <option key={incident.id} value={incident.id}>
              {incident.severity} {incidentName(incident.number)} {incident.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
