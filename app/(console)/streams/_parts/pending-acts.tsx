"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import { requestHref } from "@/components/approvals/request-model";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { useTRPC } from "@/components/live/trpc";
import { usePerson } from "@/components/shell/shell-context";
import { buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { policyOf } from "@/server/auth/action-policy";
import { mayCall } from "@/server/auth/policy";
import type { ActAnswer } from "@/server/streams/acts/schemas";
import type { PendingEntry } from "@/server/streams/schemas";
import { useStreamAct } from "./use-stream-act";

const waits = [
  { ms: 60_000, label: "1 minute" },
  { ms: 300_000, label: "5 minutes" },
  { ms: 1_800_000, label: "30 minutes" },
] as const;

/** What can be done with the chosen pending entries: claim them to a living consumer, acknowledge them, or ask a second person to. */
export function PendingActs({
  stream,
  group,
  chosen,
  onDone,
}: {
  stream: string;
  group: string;
  chosen: readonly PendingEntry[];
  onDone: () => void;
}) {
  const trpc = useTRPC();
  const acting = useStreamAct();
  const person = usePerson();
  const [incident, setIncident] = useState<string | null>(null);
  const [consumer, setConsumer] = useState("");
  const [minIdleMs, setMinIdle] = useState<number>(waits[0].ms);
  const claiming = useMutation(trpc.streams.claim.mutationOptions());
  const acking = useMutation(trpc.streams.ackProved.mutationOptions());
  const consumers = useQuery(trpc.streams.consumers.queryOptions({ stream, group }, { enabled: chosen.length > 0 }));
  const mayAct = mayCall("streams.claim", person.roles);
  const mayAsk =
    mayCall("approvals.request", person.roles) &&
    policyOf("ack-pending").roles.some((role) => person.roles.includes(role));
  if (!mayAct && !mayAsk)
    return (
      <p className="px-3 py-2 text-xs text-muted-foreground">
        Claiming and acknowledging need the role responder. Ask a colleague who holds it.
      </p>
    );
  const ids = chosen.map(({ id }) => id);
  const proved = chosen.filter(({ verdict }) => verdict?.proved === true);
  const holders = [...new Set(chosen.map((entry) => entry.consumer))];
  const living = (consumers.data?.living ?? []).filter((name) => !(holders.length === 1 && holders[0] === name));

  const doing = async (act: Promise<ActAnswer>): Promise<boolean> => {
    const taken = await acting(act);
    if (taken) onDone();
    return taken;
  };
  const claim = async (reason: string): Promise<boolean> => {
    if (consumer === "") {
      toast.error("Choose the consumer to claim to.");
      return false;
    }
    return doing(claiming.mutateAsync({ stream, group, ids, consumer, minIdleMs, incidentId: incident, reason }));
  };
  const what = counted(ids.length, "entry", "entries");
  return (
    <div className="flex flex-wrap items-center gap-2 border-t px-3 py-2">
      <p className="mr-auto text-xs text-muted-foreground" role="status">
        {ids.length === 0
          ? "Choose entries to claim or acknowledge them."
          : `${what} chosen, ${proved.length} proved by Postgres.`}
      </p>
      {ids.length === 0 ? null : (
        <>
          {mayAct ? (
            <ConfirmAct
              label="Claim"
              title={`Claim ${what} to a living consumer?`}
              confirm="Yes, claim"
              reasonLabel="Why"
              disabled={consumers.data === undefined}
              onConfirm={claim}
            >
              <Facts>
                <Fact name="What will happen">
                  {what} now under {holders.join(", ")} will stand under the name you choose.{" "}
                  {consumers.data?.claimMeaning}
                </Fact>
                <Fact name="Can it be undone">{policyOf("claim-pending").undo}</Fact>
              </Facts>
              <Field
                label="Claim to"
                hint={
                  living.length === 0
                    ? "No other consumer of this group has asked within a minute: start its service first."
                    : "Those that asked within a minute."
                }
              >
                {(fieldIds) => (
                  <select
                    {...fieldIds}
                    className={controlStyle}
                    value={consumer}
                    onChange={(event) => setConsumer(event.target.value)}
                  >
                    <option value="">Choose a consumer</option>
                    {living.map((name) => (
                      <option key={name} value={name}>
                        {name}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Field label="Only what has been held for" hint="Above the time that its consumer needs for one entry.">
                {(fieldIds) => (
                  <select
                    {...fieldIds}
                    className={controlStyle}
                    value={minIdleMs}
                    onChange={(event) => setMinIdle(Number(event.target.value))}
                  >
                    {waits.map(({ ms, label }) => (
                      <option key={ms} value={ms}>
                        {label} or more
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <IncidentChoice value={incident} none="None: on the console's own record" onChange={setIncident} />
            </ConfirmAct>
          ) : null}
          {mayAct && proved.length === ids.length ? (
            <ConfirmAct
              label="Acknowledge"
              title={`Acknowledge ${what}?`}
              confirm="Yes, acknowledge"
              reasonLabel="Why"
              onConfirm={(reason) => doing(acking.mutateAsync({ stream, group, ids, incidentId: incident, reason }))}
            >
              <Facts>
                <Fact name="What will happen">{policyOf("ack-proved").effect}</Fact>
                <Fact name="Can it be undone">{policyOf("ack-proved").undo}</Fact>
              </Facts>
              <IncidentChoice value={incident} none="None: on the console's own record" onChange={setIncident} />
            </ConfirmAct>
          ) : mayAsk ? (
            <Link href={requestHref("ack-pending", { stream, group, ids })} className={buttonStyle("outline")}>
              Ask to acknowledge
            </Link>
          ) : null}
        </>
      )}
    </div>
  );
}
