"use client";

import { Square } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { VerdictForm } from "@/components/guided/verdict-form";
import { requestHref } from "@/components/approvals/request-model";
import { Button, buttonStyle } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { ConfirmAct } from "@/components/wizard/confirm-act";
import type { Verdict } from "@/server/playbooks/guided/reports.schemas";
import type { GuidedStep } from "@/server/playbooks/guided/schemas";
import { ServiceActs } from "./service-acts";

export type Settle = (given: { skip?: boolean; reason?: string; hash?: string; verdict?: Verdict }) => Promise<boolean>;

const shortest = 4;
const hashForm = /^\s*[0-9a-fA-F]{64}\s*$/;

/** What can be done about the step that is due: its act, going on when its probe agrees, or skipping it with a reason. */
export function StepActs({
  step,
  incident,
  runId,
  settle,
  tick,
  sending,
}: {
  step: GuidedStep;
  runId: string;
  incident: string;
  settle: Settle;
  tick: (item: string, note: string) => Promise<boolean>;
  sending: boolean;
}) {
  const [reason, setReason] = useState("");
  const [hash, setHash] = useState("");
  const byPerson = step.probe === null || (step.byHand && step.probe.done !== true);
  const unsigned = step.signing?.roles.some(({ signed }) => signed === null) === true;
  const unticked = step.checks.filter(({ ticked }) => ticked === null);
  const lacks = byPerson
    ? unsigned ||
      (step.wants !== "nothing" && reason.trim().length < shortest) ||
      (step.wants === "hash-and-reason" && !hashForm.test(hash))
    : step.probe?.done !== true || (step.ticksNeeded && unticked.length > 0);
  if (step.wants === "verdict") {
    const proposal = step.report?.kind === "proposal" ? step.report : null;
    if (proposal === null && step.reportUnknown === null) return null; // not read yet
    return (
      <VerdictForm
        proposal={proposal}
        sending={sending}
        onGive={(verdict, reason) => void settle({ verdict, reason })}
      />
    );
  }
  return (
    <div className="flex flex-col gap-3 py-1">
      {unticked.length === 0 ? null : (
        <ul className="flex flex-col gap-1" aria-label="Still to be ticked">
          {unticked.map(({ item, label }) => (
            <li key={item} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Square aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" />
              <span className="min-w-0 flex-1 basis-60">{label}</span>
              <ConfirmAct
                label={
                  <>
                    Tick<span className="sr-only">: {label}</span>
                  </>
                }
                variant="outline"
                title={`${label}?`}
                confirm="Tick it in my name"
                reasonLabel="How you know"
                onConfirm={(note) => tick(item, note)}
              >
                <p>It goes on the incident's record with your name, and stays ticked.</p>
              </ConfirmAct>
            </li>
          ))}
        </ul>
      )}
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
      {step.act !== null && "services" in step.act ? (
        <ServiceActs act={step.act.services} kind={step.act.kind} runId={runId} incident={incident} />
      ) : null}
      <div className="flex flex-wrap gap-2">
        {step.act === null || "services" in step.act ? null : (
          <Link
            href={"href" in step.act ? step.act.href : requestHref(step.act.ask.action, { ...step.act.ask, incident })}
            className={buttonStyle(lacks && !byPerson ? "primary" : "outline")}
          >
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
