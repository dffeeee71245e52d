"use client";

import { type ReactNode, useState } from "react";
import { Button, type ButtonSize, type ButtonVariant } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";

const shortestReason = 4;

/** A button that asks once more before it acts, with a reason where the act wants one. It closes when the act has been answered. */
export function ConfirmAct({
  label,
  variant = "outline",
  size,
  title,
  children,
  confirm,
  reasonLabel,
  disabled,
  onConfirm,
}: {
  label: ReactNode;
  variant?: ButtonVariant;
  size?: ButtonSize;
  title: string;
  children: ReactNode;
  confirm: string;
  reasonLabel?: string;
  disabled?: boolean;
  onConfirm: (reason: string) => Promise<boolean>;
}) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [sending, setSending] = useState(false);
  const tooShort = reasonLabel !== undefined && reason.trim().length < shortestReason;

  async function send() {
    setSending(true);
    const done = await onConfirm(reason.trim());
    setSending(false);
    if (!done) return;
    setOpen(false);
    setReason("");
  }

  return (
    <>
      <Button variant={variant} size={size} disabled={disabled} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogContent
          title={title}
          footer={
            <>
              <Button onClick={() => setOpen(false)}>Not now</Button>
              <Button variant="primary" disabled={tooShort || sending} onClick={send}>
                {sending ? "Sending" : confirm}
              </Button>
            </>
          }
        >
          <div className="flex flex-col gap-3">
            {children}
            {reasonLabel === undefined ? null : (
              <Field label={reasonLabel} hint={`At least ${shortestReason} characters. It stays on the record.`}>
                {(ids) => (
                  <Textarea
                    {...ids}
                    value={reason}
                    maxLength={500}
                    onChange={(event) => setReason(event.target.value)}
                  />
                )}
              </Field>
            )}
          </div>
        </DialogContent>
      </Dialog>
    </>
  );
}
