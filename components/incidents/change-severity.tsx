"use client";

import { useState } from "react";
import { SeverityChoice } from "@/components/incidents/severity-choice";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { IncidentView } from "@/server/incidents/schemas";

/** Raises or lowers the severity, with a reason. */
export function ChangeSeverity({ view, acts }: { view: IncidentView; acts: IncidentActs }) {
  const [severity, setSeverity] = useState(view.severity);
  return (
    <ConfirmAct
      size="sm"
      label="Change severity"
      title="Change the severity"
      confirm={severity === view.severity ? `Keep ${severity}` : `Make it ${severity}`}
      reasonLabel="Why, for the record"
      onConfirm={(reason) =>
        severity === view.severity ? Promise.resolve(true) : acts.changeSeverity(severity, reason)
      }
    >
      <SeverityChoice value={severity} onChange={setSeverity} />
      <p className="mt-2 text-xs text-muted-foreground">
        The clocks follow the new severity, and whoever its rules name is told.
      </p>
    </ConfirmAct>
  );
}
