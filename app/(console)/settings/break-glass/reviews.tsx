"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { type Identity, PasswordField, ProveByProvider } from "@/components/approvals/identity";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { type RouterOutputs, useTRPC, useTRPCClient } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";

type Waiting = RouterOutputs["approvals"]["breakGlassState"]["awaitingReview"][number];

/** Every use is looked at afterwards by somebody who had no part in it. */
export function Reviews({ waiting, identity }: { waiting: readonly Waiting[]; identity: Identity }) {
  const person = usePerson();
  return (
    <Panel
      title="Reviews that are owed"
      state={
        waiting.length === 0 ? { kind: "empty", sentence: "No use of break-glass waits for a review." } : undefined
      }
    >
      <ul className="flex flex-col">
        {waiting.map((one) => (
          <li key={one.id} className="flex flex-col gap-2 border-b px-3 py-3 last:border-0">
            <p>
              {one.first.name} and {one.second?.name ?? "nobody else"}, <TimeStamp at={one.openedAt} />, under{" "}
              <Link href={`/incidents/${one.incident.id}`} className="text-accent underline underline-offset-2">
                INC-{one.incident.number}
              </Link>
              : {one.reason}
            </p>
            {one.first.id === person.id || one.second?.id === person.id ? (
              <p className="text-muted-foreground">You had part in it, so somebody else reviews it.</p>
            ) : mayCall("approvals.breakGlassReview", person.roles) ? (
              <ReviewForm id={one.id} identity={identity} />
            ) : (
              <p className="text-muted-foreground">Your roles do not allow a review. Ask security or an admin.</p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function ReviewForm({ id, identity }: { id: string; identity: Identity }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const direct = useTRPCClient(); // past the cache of mutations, which would keep the password
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const wantsPassword = identity.method === "local" && !identity.fresh;
  const [text, setText] = useState("");
  const review = useMutation(
    trpc.approvals.breakGlassReview.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.approvals.pathKey() }),
    }),
  );
  const lacks =
    text.trim().length < 4 || (wantsPassword && password === "") || (identity.method === "oidc" && !identity.fresh);

  async function send() {
    setWrong(null);
    try {
      if (wantsPassword) await direct.approvals.reauthenticate.mutate({ password });
      await review.mutateAsync({ id, review: text.trim() });
    } catch (error) {
      setWrong(reasonOf(error));
    } finally {
      setPassword("");
    }
  }

  return (
    <>
      <ProveByProvider identity={identity} />
      <form
        className="flex max-w-xl flex-col items-start gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (!lacks && !review.isPending) void send();
        }}
      >
        <Field label="Review: what was done with it, and was it right" className="w-full">
          {(ids) => (
            <Textarea {...ids} value={text} maxLength={4_000} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
        {wantsPassword ? <PasswordField value={password} onChange={setPassword} /> : null}
        {wrong === null ? null : <Refusal>{wrong}</Refusal>}
        <Button type="submit" disabled={lacks || review.isPending}>
          Record the review
        </Button>
      </form>
    </>
  );
}
