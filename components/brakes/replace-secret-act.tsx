"use client";

import { useEffect, useState } from "react";
import { ShownOnce } from "@/components/brakes/shown-once";
import { CommandBlock } from "@/components/lib/command-block";
import { Refusal } from "@/components/lib/refusal";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPCClient } from "@/components/live/trpc";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { policyOf } from "@/server/auth/action-policy";
import type { ReplaceSecretAnswer } from "@/server/brakes/schemas";

const policy = policyOf("replace-application-secret");

/**
 * Replaces the secret and shows the new one, once. It is asked for past the page's cache and lives in this component alone, which
 * forgets it when it is closed, when the page is left, and when the browser puts the page away to come back to it later.
 */
export function ReplaceSecretAct({
  zoneId,
  application,
  incidentId,
}: {
  zoneId: string;
  application: { readonly id: string; readonly name: string };
  incidentId: string | null;
}) {
  const client = useTRPCClient();
  const [answer, setAnswer] = useState<ReplaceSecretAnswer | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  useEffect(() => {
    const forget = () => setAnswer(null);
    window.addEventListener("pagehide", forget);
    return () => window.removeEventListener("pagehide", forget);
  }, []);

  async function replace(reason: string): Promise<boolean> {
    setRefused(null);
    try {
      setAnswer(
        await client.brakes.replaceSecret.mutate({ zoneId, applicationId: application.id, incidentId, reason }),
      );
    } catch (error) {
      setRefused(reasonOf(error));
    }
    return true;
  }

  if (answer?.kind === "replaced")
    return (
      <ShownOnce
        secret={answer.secret}
        fingerprint={answer.fingerprint}
        application={application.name}
        onClose={() => setAnswer(null)}
      />
    );
  return (
    <div className="flex flex-col items-start gap-3">
      <Facts>
        <Fact name="What will happen">{policy.effect}</Fact>
        <Fact name="To how many">One application, {application.name}, with all of its instances.</Fact>
        <Fact name="Can it be undone">{policy.undo}</Fact>
        <Fact name="Who must agree">One responder. No second person is needed.</Fact>
      </Facts>
      {answer === null ? null : (
        <div className="flex w-full flex-col gap-2">
          <p className="max-w-prose">{answer.why}</p>
          <CommandBlock command={answer.command} title="The call to make" />
        </div>
      )}
      {refused === null ? null : <Refusal>{refused}</Refusal>}
      <ConfirmAct
        label="Replace the secret"
        variant="primary"
        title={`Replace the secret of ${application.name}?`}
        confirm="Yes, replace it"
        reasonLabel="Why it is replaced"
        onConfirm={replace}
      >
        <p>{policy.effect}</p>
        <p>The new secret is shown here once. Have the place ready where it goes.</p>
      </ConfirmAct>
    </div>
  );
}
