"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { AttachIncident } from "@/components/approvals/attach-incident";
import { Panel } from "@/components/lib/panel";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { classWords } from "@/components/redrive/redrive-words";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { policyOf } from "@/server/auth/action-policy";
import type { LetterGroup, RedriveRun } from "@/server/redrive/schemas";
import { startFaults, startOf } from "./start-model";

/** Which of what can go back does, how fast, how many first; then the one button that starts it. */
export function StartPanel({ run, groups }: { run: RedriveRun; groups: readonly LetterGroup[] }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const policy = policyOf("redrive-dead-letters");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [rate, setRate] = useState("500");
  const [canary, setCanary] = useState("10");
  const [mostLag, setMostLag] = useState("5000");
  const [incidentId, setIncidentId] = useState<string | null>(run.incidentId);
  const starting = useMutation(trpc.redrive.start.mutationOptions());
  const able = groups.filter((group) => classWords[group.class].goes !== "stays");
  const draft = { rate, canary, mostLag };
  const faults = startFaults(draft);
  const chosen = able.filter((group) => !left.has(keyOf(group)));
  const total = (goes: string) =>
    chosen.filter((group) => classWords[group.class].goes === goes).reduce((sum, { count }) => sum + count, 0);

  async function start(reason: string): Promise<boolean> {
    try {
      await starting.mutateAsync({ runId: run.id, reason, incidentId, ...startOf(draft, chosen, able) });
      return true;
    } catch (error) {
      toast.error(reasonOf(error));
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: trpc.redrive.run.queryKey({ runId: run.id }) });
    }
  }

  return (
    <Panel
      title="Start"
      state={
        able.length === 0
          ? {
              kind: "empty",
              sentence:
                "Nothing in this list can go back or be retired. Read it, and decide what each of them asks for.",
            }
          : undefined
      }
    >
      <div className="flex flex-col items-start gap-3 px-3 py-3">
        <fieldset className="flex flex-col">
          <legend className="text-xs font-medium">What goes</legend>
          {able.map((group) => (
            <label key={keyOf(group)} className="flex min-h-8 items-center gap-2">
              <input
                type="checkbox"
                className="accent-accent"
                checked={!left.has(keyOf(group))}
                onChange={({ target }) => {
                  const next = new Set(left);
                  if (target.checked) next.delete(keyOf(group));
                  else next.add(keyOf(group));
                  setLeft(next);
                }}
              />
              {classWords[group.class].label}: {counted(group.count, "letter")} by{" "}
              <span className="font-mono text-xs">{group.cause}</span>
            </label>
          ))}
        </fieldset>
        <div className="flex w-full flex-wrap gap-3">
          <Field
            label="Entries a second"
            hint="Empty: as fast as ingestion allows. It can be changed while it runs."
            error={faults.rate}
            className="w-full sm:w-64"
          >
            {(ids) => (
              <Input {...ids} inputMode="numeric" value={rate} onChange={({ target }) => setRate(target.value)} />
            )}
          </Field>
          <Field
            label="Canary"
            hint="So many go first; the rest only when all of them have arrived."
            error={faults.canary}
            className="w-full sm:w-64"
          >
            {(ids) => (
              <Input {...ids} inputMode="numeric" value={canary} onChange={({ target }) => setCanary(target.value)} />
            )}
          </Field>
          <Field
            label="Stop when readers are behind by"
            hint="Unread and unacknowledged entries of the slowest reader."
            error={faults.mostLag}
            className="w-full sm:w-64"
          >
            {(ids) => (
              <Input {...ids} inputMode="numeric" value={mostLag} onChange={({ target }) => setMostLag(target.value)} />
            )}
          </Field>
        </div>
        <AttachIncident value={incidentId} severity={policy.severity} onChange={setIncidentId} />
        <ConfirmAct
          label="Start the redrive"
          variant="primary"
          title="Start the redrive?"
          confirm="Yes, start it"
          reasonLabel="Why they may go back now"
          disabled={chosen.length === 0 || Object.values(faults).some((fault) => fault !== undefined)}
          onConfirm={start}
        >
          <Facts>
            <Fact name="What will happen">{policy.effect}</Fact>
            <Fact name="To how many">
              {total("back").toLocaleString("en-GB")} go back to <span className="font-mono text-xs">{run.target}</span>
              , {total("retired").toLocaleString("en-GB")} are retired
            </Fact>
            <Fact name="Can it be undone">{policy.undo} The originals are kept.</Fact>
            <Fact name="Who must agree">One {policy.roles.join(" or ")}</Fact>
          </Facts>
        </ConfirmAct>
      </div>
    </Panel>
  );
}

const keyOf = (group: LetterGroup) => `${group.class} ${group.cause}`;
