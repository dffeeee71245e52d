"use client";

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Identity, PasswordField, ProveByProvider } from "@/components/approvals/identity";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC, useTRPCClient } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";

/** The credential, typed and sent past the page's cache, forgotten with every answer; with a reason where one is wanted. */
export function CredentialForm({
  label,
  identity,
  wantsReason,
  onSend,
  children,
}: {
  label: string;
  identity: Identity;
  wantsReason: boolean;
  onSend: (given: { readonly credential: string; readonly reason: string }) => Promise<unknown>;
  children?: ReactNode;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const direct = useTRPCClient(); // past the cache of mutations, which would keep the password
  const [password, setPassword] = useState("");
  const [credential, setCredential] = useState("");
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const wantsPassword = identity.method === "local" && !identity.fresh;
  const lacking =
    (identity.method === "oidc" && !identity.fresh) ||
    (wantsPassword && password === "") ||
    credential === "" ||
    (wantsReason && reason.trim().length < 4);

  async function send() {
    setSending(true);
    setWrong(null);
    try {
      if (wantsPassword) await direct.approvals.reauthenticate.mutate({ password });
      await onSend({ credential, reason: reason.trim() });
      setReason("");
    } catch (error) {
      setWrong(reasonOf(error));
    } finally {
      setCredential("");
      setPassword("");
      setSending(false);
      void client.invalidateQueries({ queryKey: trpc.approvals.pathKey() });
    }
  }

  return (
    <>
      <ProveByProvider identity={identity} />
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
        {wantsPassword ? <PasswordField value={password} onChange={setPassword} /> : null}
        {wrong === null ? null : <Refusal>{wrong}</Refusal>}
        <Button type="submit" variant="primary" className="max-sm:h-11 max-sm:w-full" disabled={lacking || sending}>
          {sending ? "Sending" : label}
        </Button>
      </form>
    </>
  );
}
