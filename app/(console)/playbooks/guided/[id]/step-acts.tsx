"use client";

import Link from "next/link";
import { useState } from "react";
import { Button, buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { GuidedStep } from "@/server/playbooks/guided/schemas";

export type Settle = (given: { skip?: boolean; reason?: string; hash?: string }) => Promise<boolean>;

const shortest = 4;
const hashForm = /^\s*[0-9a-fA-F]{64}\s*$/;

/** What can be done about the step that is due: its act, going on when its probe agrees, or skipping it with a reason. */
export function StepActs({ step, settle, sending }: { step: GuidedStep; settle: Settle; sending: boolean }) {
  const [reason, setReason] = useState("");
  const [hash, setHash] = useState("");
  const byPerson = step.probe === null;
  const lacks = byPerson
    ? (step.wants !== "nothing" && reason.trim().length < shortest) ||
      (step.wants === "hash-and-reason" && !hashForm.test(hash))
    : step.probe?.done !== true;
  return (
    <div className="flex flex-col gap-3 py-1">
      {byPerson && step.wants === "hash-and-reason" ? (
        <Field
          label="SHA-256 of what was preserved"
          hint="64 hex characters, as sha256sum prints them"
          className="max-w-xl"
        >
          {(ids) => (
            <Input {...ids} className="font-mono" value={hash} onChange={(event) => setHash(event.target.value)} />
          )}
        </Field>
      ) : null}
      {byPerson && step.wants !== "nothing" ? (
        <Field
          label={
            step.wants === "hash-and-reason" ? "What it is and where it lies" : "What was done, and who confirmed it"
          }
          className="max-w-xl"
        >
          {(ids) => <Textarea {...ids} rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {step.act === null ? null : (
          <Link href={step.act.href} className={buttonStyle(lacks && !byPerson ? "primary" : "outline")}>
            {step.act.label}
          </Link>
        )}
        <Button
          variant={lacks ? "outline" : "primary"}
          disabled={lacks || sending}
          onClick={() =>
            void settle({
              ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
              ...(hash.trim() === "" ? {} : { hash: hash.trim() }),
            })
          }
        >
          {byPerson ? "Record it and go on" : "Go on"}
        </Button>
        {step.skippable ? (
          <ConfirmAct
            label="Skip with a reason"
            variant="ghost"
            title={`Skip "${step.title}"?`}
            confirm="Skip it"
            reasonLabel="Why it is left out"
            onConfirm={(why) => settle({ skip: true, reason: why })}
          >
            <p>The reason goes on the incident's record.</p>
          </ConfirmAct>
        ) : null}
      </div>
    </div>
  );
}
