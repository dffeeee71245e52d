"use client";

import { useState } from "react";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { revokeLabel, revokePlan } from "@/components/wizard/act-plan";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import { PlanList } from "@/components/wizard/plan-list";
import { RoundsList } from "@/components/wizard/rounds-list";
import type { RunView } from "@/server/playbooks/schemas";

/** Before the act: what it will do and the reason for it. Afterwards: what was written and published. */
export function RevokeStep({
  run,
  mayAct,
  onRevoke,
}: {
  run: RunView;
  mayAct: boolean;
  onRevoke: (reason: string) => Promise<boolean>;
}) {
  if (run.rounds.length > 0) {
    return (
      <div className="flex flex-col gap-3">
        <p>
          Reason given: <span className="font-medium">{run.reason ?? "none recorded"}</span>
        </p>
        <RoundsList rounds={run.rounds} />
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <PlanList lines={revokePlan(run)} />
      <RevokeForm run={run} mayAct={mayAct} onRevoke={onRevoke} />
    </div>
  );
}

function RevokeForm({
  run,
  mayAct,
  onRevoke,
}: {
  run: RunView;
  mayAct: boolean;
  onRevoke: (reason: string) => Promise<boolean>;
}) {
  const [reason, setReason] = useState("");
  const label = revokeLabel(run);
  const tooShort = reason.trim().length < 4;
  return (
    <div className="flex flex-col items-start gap-3">
      <Field
        label="Reason"
        hint="Travels with every revocation, together with your name: services and auditors will read it."
        className="w-full max-w-xl"
      >
        {(ids) => (
          <Input
            {...ids}
            value={reason}
            maxLength={200}
            disabled={!mayAct}
            placeholder="Mandate seen from an unknown address"
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
      <ConfirmAct
        label={label}
        variant="primary"
        disabled={!mayAct || tooShort}
        title={`${label}?`}
        confirm={`Yes, ${label.toLowerCase()}`}
        onConfirm={() => onRevoke(reason.trim())}
      >
        <p>
          Every live session of <strong>{run.subject.id}</strong> in <strong>{run.zone.name}</strong> ends. This cannot
          be undone. Reason: {reason.trim()}
        </p>
      </ConfirmAct>
      {tooShort && mayAct ? <p className="text-muted-foreground">Give a reason first.</p> : null}
    </div>
  );
}
