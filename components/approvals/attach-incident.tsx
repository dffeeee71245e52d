"use client";

import { useQuery } from "@tanstack/react-query";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import type { Severity } from "@/server/platform/severity";

/** Which open incident the request belongs to. None: one is declared with the severity of the act. */
export function AttachIncident({
  value,
  severity,
  onChange,
}: {
  value: string | null;
  severity: Severity;
  onChange: (incidentId: string | null) => void;
}) {
  const trpc = useTRPC();
  const query = useQuery(trpc.incidents.list.queryOptions({ show: "open", limit: 100 }, { refetchInterval: 15_000 }));
  const incidents = query.data?.rows ?? [];
  return (
    <Field
      label="Incident"
      hint={
        query.isError
          ? `The open incidents cannot be read now: ${reasonOf(query.error)} A new one would be declared.`
          : "Who asked, who voted and what came of it go on its record."
      }
      className="w-full max-w-xl"
    >
      {(ids) => (
        <select
          {...ids}
          value={value ?? ""}
          className={controlStyle}
          onChange={(event) => onChange(event.target.value || null)}
        >
          <option value="">A new {severity} incident is declared</option>
          {value !== null && !incidents.some((incident) => incident.id === value) ? (
            <option value={value}>The incident you came from</option>
          ) : null}
          {incidents.map((incident) => (
            <option key={incident.id} value={incident.id}>
              INC-{incident.number} {incident.severity} {incident.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
