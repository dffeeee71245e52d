"use client";

import { ChangeSeverity } from "@/components/incidents/change-severity";
import { Lifecycle } from "@/components/incidents/lifecycle";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { IncidentView } from "@/server/incidents/schemas";

/** The next moves: its state, its severity, who may see it. A merged incident has none. */
export function IncidentMoves({
  view,
  acts,
  whyNot,
  mayRestrict,
}: {
  view: IncidentView;
  acts: IncidentActs;
  whyNot: string | null;
  mayRestrict: boolean;
}) {
  if (view.mergedInto !== null) return null;
  const mayChange = whyNot === null && view.state !== "closed";
  return (
    <div className="flex flex-wrap items-start gap-1.5">
      <Lifecycle view={view} acts={acts} whyNot={whyNot} />
      {mayChange ? <ChangeSeverity key={view.severity} view={view} acts={acts} /> : null}
      {mayChange && mayRestrict ? (
        <ConfirmAct
          size="sm"
          label={view.restricted ? "Open to everybody" : "Restrict"}
          title={view.restricted ? "Open this incident to everybody?" : "Restrict this incident?"}
          confirm={view.restricted ? "Open it" : "Restrict it"}
          reasonLabel="Why, for the record"
          onConfirm={(reason) => acts.restrict(!view.restricted, reason)}
        >
          <p>
            {view.restricted
              ? "Everybody who can sign in will see all of its record."
              : "Only its responders, security and admin will see it, anywhere: lists, counts, search, exports and messages. You stay a responder."}
          </p>
        </ConfirmAct>
      ) : null}
    </div>
  );
}
