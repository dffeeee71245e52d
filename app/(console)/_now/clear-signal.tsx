"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent, DialogTrigger } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { mayCall } from "@/server/auth/policy";
import { clearSignalInput } from "@/server/live/schemas";
import type { Signal } from "@/server/live/snapshot";

/** Clears what was declared by hand, with a reason that stays on record. */
export function ClearSignal({ signal }: { signal: Signal }) {
  const trpc = useTRPC();
  const person = usePerson();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const parsed = clearSignalInput.safeParse({ id: signal.key.slice(signal.key.indexOf(":") + 1), reason });
  const clear = useMutation(
    trpc.system.clearSignal.mutationOptions({
      onSuccess() {
        setOpen(false);
        toast.success("Cleared. It leaves the screen with the next look.");
      },
    }),
  );
  if (!mayCall("system.clearSignal", person.roles))
    return <p className="text-xs text-muted-foreground">A responder, security or an admin can clear it.</p>;
  const submit = () => {
    setAsked(true);
    if (parsed.success) clear.mutate(parsed.data);
  };
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger
        render={
          <Button size="sm" className="w-fit">
            Clear with a reason
          </Button>
        }
      />
      <DialogContent
        title="Clear this signal"
        description={signal.sentence}
        footer={
          <>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button variant="primary" disabled={clear.isPending} onClick={submit}>
              {clear.isPending ? "Clearing" : "Clear"}
            </Button>
          </>
        }
      >
        <Field
          label="Why it is over"
          error={asked && !parsed.success ? "Write between 4 and 300 characters." : undefined}
        >
          {(ids) => (
            <Input {...ids} value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
          )}
        </Field>
        {clear.isError ? (
          <p role="alert" className="mt-2">
            {reasonOf(clear.error)}
          </p>
        ) : null}
      </DialogContent>
    </Dialog>
  );
}
