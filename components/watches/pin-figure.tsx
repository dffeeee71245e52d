"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pin } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { incidentName } from "@/components/incidents/incident-words";
import { useBoard } from "@/components/live/live-hooks";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { mayCall } from "@/server/auth/policy";
import { seriesLabel } from "@/server/live/series.catalogue";

/** A pin beside a figure: has the console record it for an open incident. Nothing for who may not. */
export function PinFigure({ what, series }: { what: string; series: readonly string[] }) {
  const person = usePerson();
  const [open, setOpen] = useState(false);
  if (!mayCall("watches.pin", person.roles) || series.length === 0) return null;
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        className="size-7"
        aria-label={`Watch ${what} for an incident`}
        title="Watch for an incident"
        onClick={() => setOpen(true)}
      >
        <Pin aria-hidden className="size-3.5" />
      </Button>
      {open ? <PinDialog what={what} series={series} close={() => setOpen(false)} /> : null}
    </>
  );
}

function PinDialog({ what, series, close }: { what: string; series: readonly string[]; close: () => void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { incidents } = useBoard();
  const [figure, setFigure] = useState(series[0] ?? "");
  const [incidentId, setIncidentId] = useState(incidents[0]?.id ?? "");
  const incident = incidents.find(({ id }) => id === incidentId);
  const pin = useMutation(
    trpc.watches.pin.mutationOptions({
      onSuccess: () => {
        toast.success(
          `${incident === undefined ? "The incident" : incidentName(incident.number)} watches ${seriesLabel(figure)}.`,
        );
        close();
      },
      onError: (error) => void toast.error(reasonOf(error)),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.watches.list.queryKey({ incidentId }) }),
    }),
  );
  return (
    <Dialog open onOpenChange={(next) => (next ? undefined : close())}>
      <DialogContent
        title={`Watch ${what}`}
        description="It is recorded every 10 s while the incident is open, with the last hour as far as it is remembered."
        footer={
          <>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button
              variant="primary"
              disabled={incident === undefined || pin.isPending}
              onClick={() => pin.mutate({ incidentId, series: figure })}
            >
              Watch it
            </Button>
          </>
        }
      >
        {incidents.length === 0 ? (
          <p>No incident is open: declare one first.</p>
        ) : (
          <div className="flex flex-col gap-3">
            <Field label="Figure">
              {({ id }) => (
                <Select
                  id={id}
                  value={figure}
                  onChange={setFigure}
                  options={series.map((value) => ({ value, label: seriesLabel(value) }))}
                />
              )}
            </Field>
            <Field label="For">
              {({ id }) => (
                <Select
                  id={id}
                  value={incidentId}
                  onChange={setIncidentId}
                  options={incidents.map((one) => ({
                    value: one.id,
                    label: `${one.severity} ${incidentName(one.number)} ${one.title}`,
                  }))}
                />
              )}
            </Field>
          </div>
        )}
      </DialogContent>
    </Dialog>
  );
}
