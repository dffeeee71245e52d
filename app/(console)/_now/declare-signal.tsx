"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent, DialogTrigger } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { declareSignalInput } from "@/server/live/schemas";
import type { Severity } from "@/server/platform/severity";

const choices: readonly { value: Severity; label: string }[] = [
  { value: "P1", label: "P1: act now" },
  { value: "P2", label: "P2: act within the hour" },
  { value: "P3", label: "P3: look today" },
  { value: "P4", label: "P4: look when there is time" },
];

/** Declares by hand what no probe sees: a report from a person, a leaked secret, a hunch. */
export function DeclareSignal() {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const [severity, setSeverity] = useState<Severity>("P2");
  const [sentence, setSentence] = useState("");
  const [asked, setAsked] = useState(false);
  const parsed = declareSignalInput.safeParse({ severity, sentence });
  const declare = useMutation(
    trpc.system.declareSignal.mutationOptions({
      onSuccess() {
        setOpen(false);
        setSentence("");
        setAsked(false);
        toast.success("Declared. Everyone sees it from the next look on.");
      },
    }),
  );
  const submit = () => {
    setAsked(true);
    if (parsed.success) declare.mutate(parsed.data);
  };
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger render={<Button size="sm">Declare by hand</Button>} />
      <DialogContent
        title="Declare what no probe sees"
        description="It appears on everyone's screen under your name until somebody clears it with a reason. Nothing else happens."
        footer={
          <>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button variant="primary" disabled={declare.isPending} onClick={submit}>
              {declare.isPending ? "Declaring" : "Declare"}
            </Button>
          </>
        }
      >
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Field label="How bad">
            {(ids) => <Select id={ids.id} value={severity} onChange={setSeverity} options={choices} />}
          </Field>
          <Field
            label="What is wrong, in one sentence"
            hint="With its number and its zone, if you know them. 8 to 200 characters."
            error={asked && !parsed.success ? "Write between 8 and 200 characters." : undefined}
          >
            {(ids) => (
              <Textarea
                {...ids}
                value={sentence}
                maxLength={200}
                placeholder="A partner reports calls in our name from zone payments"
                onChange={(event) => setSentence(event.target.value)}
              />
            )}
          </Field>
          {declare.isError ? <p role="alert">{reasonOf(declare.error)}</p> : null}
        </form>
      </DialogContent>
    </Dialog>
  );
}
