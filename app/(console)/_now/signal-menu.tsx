"use client";

import { Menu } from "@base-ui/react/menu";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { MoreHorizontal } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button, buttonStyle } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { Signal } from "@/server/live/snapshot";

const item =
  "flex min-h-8 cursor-default items-center rounded-sm px-2 text-sm outline-none data-[highlighted]:bg-muted";
const lengths = [
  { value: "15", label: "15 minutes" },
  { value: "30", label: "30 minutes" },
  { value: "60", label: "1 hour" },
  { value: "240", label: "4 hours" },
  { value: "720", label: "12 hours" },
] as const;
type Act = "acknowledge" | "snooze";

/** What can be said about a signal: that somebody has seen it, or that it may be folded away for a while. */
export function SignalMenu({ signal, acked, onOpen }: { signal: Signal; acked: boolean; onOpen?: () => void }) {
  const [act, setAct] = useState<Act | null>(null);
  return (
    <>
      <Menu.Root onOpenChange={(open) => open && onOpen?.()}>
        <Menu.Trigger aria-label={`More for: ${signal.sentence}`} className={buttonStyle("ghost", "icon", "size-7")}>
          <MoreHorizontal aria-hidden className="size-4" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={4} align="end" className="z-50">
            <Menu.Popup className="w-56 rounded-md border bg-popover p-1 shadow-md outline-none">
              <Menu.Item disabled={acked} className={item} onClick={() => setAct("acknowledge")}>
                {acked ? "Acknowledged already" : "Acknowledge"}
              </Menu.Item>
              <Menu.Item className={item} onClick={() => setAct("snooze")}>
                Snooze
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {act === null ? null : <MarkDialog signal={signal} act={act} close={() => setAct(null)} />}
    </>
  );
}

function MarkDialog({ signal, act, close }: { signal: Signal; act: Act; close: () => void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [minutes, setMinutes] = useState<(typeof lengths)[number]["value"]>("30");
  const options = {
    onSuccess: close,
    onError: (error: unknown) => void toast.error(reasonOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.signals.open.queryKey() }),
  };
  const acknowledge = useMutation(trpc.signals.acknowledge.mutationOptions(options));
  const snooze = useMutation(trpc.signals.snooze.mutationOptions(options));
  const sending = acknowledge.isPending || snooze.isPending;
  const tooShort = act === "snooze" && text.trim().length < 4;
  const send = () => {
    if (act === "acknowledge") acknowledge.mutate({ key: signal.key, comment: text.trim() });
    else snooze.mutate({ key: signal.key, minutes: Number(minutes), reason: text.trim() });
  };
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : close())}>
      <DialogContent
        title={act === "acknowledge" ? "Acknowledge this signal" : "Snooze this signal"}
        description={signal.sentence}
        footer={
          <>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button variant="primary" disabled={sending || tooShort} onClick={send}>
              {act === "acknowledge" ? "Acknowledge" : "Snooze"}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <p>
            {act === "acknowledge"
              ? "Everyone sees that you are on it. The signal stays until what it measures is right again."
              : "It is folded into one line for everyone, with your name and reason, and comes back by itself."}
          </p>
          {act === "snooze" ? (
            <Field label="For how long">
              {(ids) => <Select id={ids.id} value={minutes} onChange={setMinutes} options={lengths} />}
            </Field>
          ) : null}
          <Field
            label={act === "acknowledge" ? "Comment (optional)" : "Why it can wait"}
            hint={act === "snooze" ? "At least 4 characters. It stays on the record." : undefined}
          >
            {(ids) => <Input {...ids} value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />}
          </Field>
        </div>
      </DialogContent>
    </Dialog>
  );
}
