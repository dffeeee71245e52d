"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { mayCall, procedurePolicy } from "@/server/auth/policy";
import type { AuditDetail, RevealedEvent } from "@/server/audit/schemas";

/** Says what is hidden in an event, and shows it to those who may see it, for a reason that goes on the record first. */
export function Reveal({ event, onRevealed }: { event: AuditDetail; onRevealed: (shown: RevealedEvent) => void }) {
  const trpc = useTRPC();
  const { roles } = usePerson();
  const [incidentId, setIncidentId] = useState<string | null>(null);
  const reveal = useMutation(trpc.audit.reveal.mutationOptions({ onSuccess: onRevealed }));
  if (event.hidden.length === 0) return null;
  return (
    <div className="flex flex-col items-start gap-2 rounded-md border border-dashed px-3 py-2">
      <p>
        {event.hidden.length === 1 ? "One value is" : `${event.hidden.length} values are`} hidden, as a secret or as
        what names a person: <span className="font-mono text-xs break-all">{event.hidden.join("; ")}</span>
      </p>
      {mayCall("audit.reveal", roles) ? (
        <ConfirmAct
          label="Show what is hidden"
          size="sm"
          title="Show what is hidden in this event"
          confirm="Record it and show"
          reasonLabel="Why you need to see it"
          onConfirm={(reason) =>
            reveal
              .mutateAsync({
                id: event.id,
                occurredAt: event.occurredAt,
                reason,
                incidentId: incidentId ?? undefined,
              })
              .then(
                () => true,
                () => false,
              )
          }
        >
          <p>
            That you looked, and why, goes on the record before the values are sent. They are shown on this page only.
          </p>
          <IncidentChoice value={incidentId} none="None: the console's own record" onChange={setIncidentId} />
          {reveal.isError ? <Refusal>{reasonOf(reveal.error)}</Refusal> : null}
        </ConfirmAct>
      ) : (
        <p className="text-muted-foreground">
          Ask somebody with the role {procedurePolicy["audit.reveal"]?.join(", ")}, who can see it for a reason.
        </p>
      )}
    </div>
  );
}
