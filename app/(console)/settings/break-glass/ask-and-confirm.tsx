"use client";

import { TimeStamp } from "@/components/lib/time-stamp";
import type { Identity } from "@/components/approvals/identity";
import { type RouterOutputs, useTRPCClient } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { Fact, Facts } from "@/components/wizard/facts";
import { CredentialForm } from "./credential-form";

type State = RouterOutputs["approvals"]["breakGlassState"];

/** The first of two people: nothing is granted by asking. */
export function AskForIt({ identity }: { identity: Identity }) {
  const client = useTRPCClient();
  return (
    <CredentialForm
      label="Ask for break-glass"
      identity={identity}
      wantsReason
      onSend={({ credential, reason }) => client.approvals.breakGlassAsk.mutate({ secret: credential, reason })}
    >
      <p className="max-w-prose">
        It is closed. Asking declares a P1 and tells everyone. It opens when a second person, at their own console,
        confirms with the same credential.
      </p>
    </CredentialForm>
  );
}

/** Asked for by one: the second person confirms, the first one waits. */
export function Asked({ asked, identity }: { asked: NonNullable<State["asked"]>; identity: Identity }) {
  const client = useTRPCClient();
  const person = usePerson();
  const facts = (
    <Facts>
      <Fact name="Asked for by">
        {asked.first.name} <TimeStamp at={asked.askedAt} />
      </Fact>
      <Fact name="Why">{asked.reason}</Fact>
    </Facts>
  );
  if (asked.first.id === person.id)
    return (
      <>
        {facts}
        <p>You asked. Somebody else has to confirm it, at their own console.</p>
      </>
    );
  return (
    <CredentialForm
      label="Confirm and open"
      identity={identity}
      wantsReason={false}
      onSend={({ credential }) => client.approvals.breakGlassConfirm.mutate({ id: asked.id, secret: credential })}
    >
      {facts}
      <p className="max-w-prose">
        Confirming gives both of you more roles for a short while. All you do is on the record.
      </p>
    </CredentialForm>
  );
}
