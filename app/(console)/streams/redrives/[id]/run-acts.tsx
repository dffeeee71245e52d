"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { isOver } from "@/components/redrive/redrive-words";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { mayCall } from "@/server/auth/policy";
import type { RedriveRun } from "@/server/redrive/schemas";
import { rateFault, rateOf } from "./start-model";

/** Rate, pause, resume and cancel: whatever the run's state allows and the person may do. */
export function RunActs({ run }: { run: RedriveRun }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const person = usePerson();
  const pause = useMutation(trpc.redrive.pause.mutationOptions());
  const resume = useMutation(trpc.redrive.resume.mutationOptions());
  const cancel = useMutation(trpc.redrive.cancel.mutationOptions());
  const setRate = useMutation(trpc.redrive.setRate.mutationOptions());
  const [rate, setTyped] = useState<string | null>(null);
  if (!mayCall("redrive.pause", person.roles)) return null;

  async function doing(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.redrive.run.queryKey({ runId: run.id }) });
    }
  }
  const given = { runId: run.id };
  const typed = rate ?? (run.rate === null ? "" : String(run.rate));
  const resumable =
    run.state === "paused" || (run.state === "cancelled" && run.digest !== null && run.kind === "redrive");
  const moving = (run.state === "running" || run.state === "paused") && run.kind === "redrive";
  return (
    <div className="flex flex-wrap items-center gap-2">
      {moving ? (
        <form
          className="flex items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (rateFault(typed) === undefined)
              void doing(() => setRate.mutateAsync({ ...given, rate: rateOf(typed) })).then(() => setTyped(null));
          }}
        >
          <Input
            aria-label="Entries a second"
            aria-invalid={rateFault(typed) !== undefined}
            title="Empty: as fast as ingestion allows"
            inputMode="numeric"
            placeholder="no limit"
            value={typed}
            className="w-24 text-right"
            onChange={({ target }) => setTyped(target.value)}
          />
          <span className="text-muted-foreground">/s</span>
          <Button type="submit" disabled={rate === null || rateFault(typed) !== undefined || setRate.isPending}>
            Set rate
          </Button>
        </form>
      ) : null}
      {run.state === "running" && !run.cancelAsked ? (
        <Button disabled={pause.isPending} onClick={() => void doing(() => pause.mutateAsync(given))}>
          Pause
        </Button>
      ) : null}
      {resumable && !(run.cancelAsked && !isOver(run)) ? (
        <Button
          variant="primary"
          disabled={resume.isPending}
          onClick={() => void doing(() => resume.mutateAsync(given))}
        >
          Resume
        </Button>
      ) : null}
      {isOver(run) || run.cancelAsked ? null : (
        <ConfirmAct
          label={run.digest === null ? "Drop the list" : "Cancel"}
          title={run.digest === null ? "Drop this list?" : "Cancel this redrive?"}
          confirm={run.digest === null ? "Yes, drop it" : "Yes, cancel it"}
          onConfirm={() => doing(() => cancel.mutateAsync(given))}
        >
          <p>
            {run.digest === null
              ? "Nothing was moved. The originals stay kept."
              : "Nothing more is added. What is on its way is still confirmed and retired; the rest stays in the dead letters, and it can be resumed."}
          </p>
        </ConfirmAct>
      )}
    </div>
  );
}
