"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { formatAge } from "@/components/lib/duration";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import type { ConsumerState } from "@/server/live/snapshot";
import { useStreamAct } from "./use-stream-act";

/** Removes a name that a restart left behind; only who may sees it. */
export function DestroyConsumer({
  stream,
  group,
  consumer,
}: {
  stream: string;
  group: string;
  consumer: ConsumerState;
}) {
  const trpc = useTRPC();
  const acting = useStreamAct();
  const person = usePerson();
  const [incident, setIncident] = useState<string | null>(null);
  const destroying = useMutation(trpc.streams.destroyConsumer.mutationOptions());
  if (!mayCall("streams.destroyConsumer", person.roles)) return null;
  const destroy = (reason: string) =>
    acting(destroying.mutateAsync({ stream, group, consumer: consumer.name, incidentId: incident, reason }));
  return (
    <ConfirmAct
      label={
        <>
          Remove<span className="sr-only"> {consumer.name}</span>
        </>
      }
      size="sm"
      title="Remove this consumer?"
      confirm="Yes, remove it"
      reasonLabel="Why"
      onConfirm={destroy}
    >
      <Facts>
        <Fact name="Consumer">
          <span className="font-mono text-xs break-all">{consumer.name}</span>, silent for {formatAge(consumer.idleMs)},
          holds nothing
        </Fact>
        <Fact name="What will happen">
          {policyOf("destroy-consumer").effect} Both are looked at again as it is done.
        </Fact>
        <Fact name="Can it be undone">{policyOf("destroy-consumer").undo}</Fact>
      </Facts>
      <IncidentChoice value={incident} none="None: on the console's own record" onChange={setIncident} />
    </ConfirmAct>
  );
}
