import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { ConfirmAct } from "@/components/wizard/confirm-act";

/** Records to whom an item was handed, and how. */
export function HandOver({ itemId, onDone }: { itemId: string; onDone: () => Promise<unknown> }) {
  const trpc = useTRPC();
  const [to, setTo] = useState("");
  const giving = useMutation(trpc.vault.handOver.mutationOptions({ onSettled: onDone }));
  return (
    <ConfirmAct
      label="Hand over to"
      title="To whom was it handed?"
      confirm="Record it"
      reasonLabel="How, and with which digest"
      onConfirm={async (note) => {
        try {
          await giving.mutateAsync({ itemId, to, note });
          setTo("");
          return true;
        } catch (error) {
          toast.error(reasonOf(error));
          return false;
        }
      }}
    >
      <p>The console sends nothing: it records by name who has it from you.</p>
      <Field label="Name, and of which office">
        {(ids) => <Input {...ids} value={to} maxLength={200} onChange={(event) => setTo(event.target.value)} />}
      </Field>
    </ConfirmAct>
  );
}
