"use client";

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";

/** The credential, typed and sent past the page's cache, forgotten with every answer; with a reason where one is wanted. */
export function CredentialForm({
  label,
  wantsReason,
  onSend,
  children,
}: {
  label: string;
  wantsReason: boolean;
  onSend: (given: { readonly credential: string; readonly reason: string }) => Promise<unknown>;
  children?: ReactNode;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [credential, setCredential] = useState("");
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const lacking = credential === "" || (wantsReason && reason.trim().length < 4);

  async function send() {
    setSending(true);
    setWrong(null);
    try {
      await onSend({ credential, reason: reason.trim() });
      setReason("");
    } catch (error) {
      setWrong(reasonOf(error));
    } finally {
      setCredential("");
      setSending(false);
      void client.invalidateQueries({ queryKey: trpc.approvals.pathKey() });
    }
  }

  return (
    <form
      className="flex max-w-xl flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!lacking && !sending) void send();
      }}
    >
      {children}
      {wantsReason ? (
        <Field label="Why it is needed" hint="At least 4 characters. Everyone is told." className="w-full">
          {(ids) => (
            <Textarea {...ids} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
          )}
        </Field>
      ) : null}
      <Field label="The break-glass credential" className="w-full">
        {(ids) => (
          <Input
            {...ids}
            type="password"
            autoComplete="off"
            maxLength={500}
            value={credential}
            className="max-sm:h-11"
            onChange={(event) => setCredential(event.target.value)}
          />
        )}
      </Field>
      {wrong === null ? null : <Refusal>{wrong}</Refusal>}
      <Button type="submit" variant="primary" className="max-sm:h-11 max-sm:w-full" disabled={lacking || sending}>
        {sending ? "Sending" : label}
      </Button>
    </form>
  );
}
