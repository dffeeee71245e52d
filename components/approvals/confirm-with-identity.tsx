"use client";

import { type ReactNode, useState } from "react";
import { type Identity, PasswordField } from "@/components/approvals/identity";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPCClient } from "@/components/live/trpc";
import { Button, type ButtonVariant } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";

const formId = "confirm-with-identity";

/**
 * A button that asks once more before it acts: what will happen, a comment or a reason, and the password where the last proof is
 * too old. A refusal stays in the dialog, as the server worded it; the password is forgotten with every answer.
 */
export function ConfirmWithIdentity({
  label,
  variant = "outline",
  title,
  confirm,
  comment,
  identity,
  disabled,
  className,
  onConfirm,
  children,
}: {
  label: ReactNode;
  variant?: ButtonVariant;
  title: string;
  confirm: string;
  comment?: { readonly label: string; readonly least: number };
  identity: Identity | null; // null: the act wants no fresh proof
  disabled?: boolean;
  className?: string;
  onConfirm: (comment: string) => Promise<unknown>;
  children: ReactNode;
}) {
  const client = useTRPCClient(); // past the cache of mutations, which would keep the password
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const wantsPassword = identity !== null && identity.method === "local" && !identity.fresh;
  const lacking = (comment !== undefined && text.trim().length < comment.least) || (wantsPassword && password === "");

  function close() {
    setOpen(false);
    setPassword("");
    setWrong(null);
  }

  async function send() {
    setSending(true);
    setWrong(null);
    try {
      if (wantsPassword) await client.approvals.reauthenticate.mutate({ password });
      await onConfirm(text.trim());
      setText("");
      close();
    } catch (error) {
      setWrong(reasonOf(error));
    } finally {
      setPassword("");
      setSending(false);
    }
  }

  return (
    <>
      <Button variant={variant} disabled={disabled} className={className} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
        <DialogContent
          title={title}
          footer={
            <>
              <Button className="max-sm:h-11" onClick={close}>
                Not now
              </Button>
              <Button
                type="submit"
                form={formId}
                variant="primary"
                className="max-sm:h-11 max-sm:flex-1"
                disabled={lacking || sending}
              >
                {sending ? "Sending" : confirm}
              </Button>
            </>
          }
        >
          <form
            id={formId}
            className="flex flex-col gap-3"
            onSubmit={(event) => {
              event.preventDefault();
              if (!lacking && !sending) void send();
            }}
          >
            {children}
            {comment === undefined ? null : (
              <Field
                label={comment.label}
                hint={
                  comment.least === 0
                    ? "Kept on the record."
                    : `At least ${comment.least} characters. Kept on the record.`
                }
              >
                {(ids) => (
                  <Textarea {...ids} value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />
                )}
              </Field>
            )}
            {wantsPassword ? <PasswordField value={password} onChange={setPassword} /> : null}
            {wrong === null ? null : <Refusal>{wrong}</Refusal>}
          </form>
        </DialogContent>
      </Dialog>
    </>
  );
}
