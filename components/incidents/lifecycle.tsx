"use client";

import { toast } from "sonner";
import { eventWords } from "@/components/incidents/incident-words";
import type { IncidentActs } from "@/components/incidents/use-incident-acts";
import { Button } from "@/components/ui/button";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { incidentEvents, type IncidentView } from "@/server/incidents/schemas";

/** The five moves of an incident. One that is not possible says why when it is pressed, and on hover. */
export function Lifecycle({
  view,
  acts,
  whyNot,
}: {
  view: IncidentView;
  acts: IncidentActs;
  whyNot: string | null; // for the viewer, whatever the state
}) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap gap-1.5">
        {incidentEvents.map((event) => {
          const why = whyNot ?? (view.events[event].allowed ? null : (view.events[event].why ?? "Not possible now."));
          const { act, means } = eventWords[event];
          if (why !== null)
            return (
              <Button key={event} size="sm" aria-disabled title={why} onClick={() => toast.message(`${act}: ${why}`)}>
                {act}
                <span className="sr-only">: not possible. {why}</span>
              </Button>
            );
          return (
            <ConfirmAct
              key={event}
              size="sm"
              label={act}
              title={`${act}?`}
              confirm={act}
              reasonLabel="Why, for the record"
              onConfirm={(reason) => acts.move(event, reason)}
            >
              <p>{means}</p>
            </ConfirmAct>
          );
        })}
      </div>
      {view.closeBlockers.length > 0 ? (
        <div className="text-xs">
          <span className="font-medium">Before it can close:</span>
          <ul className="list-disc pl-4 text-muted-foreground">
            {view.closeBlockers.map((blocker) => (
              <li key={blocker}>{blocker}</li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
}
