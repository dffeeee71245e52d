"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import {
  confidences,
  tookKinds,
  tookWords,
  type Verdict,
  type VerdictProposal,
  verdicts,
  verdictWords,
} from "@/server/playbooks/guided/reports.schemas";

const shortest = 4;
const firstUp = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
/** An instant as it was typed: null for none, undefined for what is none. */
const instantOf = (text: string): string | null | undefined => {
  if (text.trim() === "") return null;
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
};

/** The verdict, filled in with what the findings speak for; the person decides and says why. */
export function VerdictForm({
  proposal,
  sending,
  onGive,
}: {
  proposal: VerdictProposal | null;
  sending: boolean;
  onGive: (verdict: Verdict, reason: string) => void;
}) {
  const proposed = proposal?.proposed;
  const [verdict, setVerdict] = useState<Verdict["verdict"]>(proposed?.verdict ?? "cannot-tell");
  const [confidence, setConfidence] = useState<Verdict["confidence"]>(proposed?.confidence ?? "possible");
  const [took, setTook] = useState<Verdict["took"]>(proposed?.took ?? "unknown");
  const [from, setFrom] = useState(proposed?.notBefore ?? "");
  const [to, setTo] = useState(proposed?.notAfter ?? "");
  const [reason, setReason] = useState("");
  const [notBefore, notAfter] = [instantOf(from), instantOf(to)];
  const lacks = reason.trim().length < shortest || notBefore === undefined || notAfter === undefined;
  const wrong = "Write it as 2026-11-28T02:14:31Z, or leave it empty.";
  return (
    <div className="flex max-w-2xl flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Verdict">
          {({ id }) => (
            <Select
              id={id}
              value={verdict}
              onChange={setVerdict}
              options={verdicts.map((value) => ({ value, label: verdictWords[value] }))}
            />
          )}
        </Field>
        <Field label="How sure">
          {({ id }) => (
            <Select
              id={id}
              value={confidence}
              onChange={setConfidence}
              options={confidences.map((value) => ({ value, label: firstUp(value) }))}
            />
          )}
        </Field>
        <Field label="What it took">
          {({ id }) => (
            <Select
              id={id}
              value={took}
              onChange={setTook}
              options={tookKinds.map((value) => ({ value, label: firstUp(tookWords[value]) }))}
            />
          )}
        </Field>
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Not before, UTC" error={notBefore === undefined ? wrong : undefined}>
          {(ids) => (
            <Input {...ids} className="font-mono" value={from} onChange={(event) => setFrom(event.target.value)} />
          )}
        </Field>
        <Field label="Not after, UTC" error={notAfter === undefined ? wrong : undefined}>
          {(ids) => <Input {...ids} className="font-mono" value={to} onChange={(event) => setTo(event.target.value)} />}
        </Field>
      </div>
      <Field label="Why, and by which witnesses">
        {(ids) => <Textarea {...ids} rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <div>
        <Button
          variant={lacks ? "outline" : "primary"}
          disabled={lacks || sending}
          onClick={() => {
            if (notBefore === undefined || notAfter === undefined) return;
            onGive({ verdict, confidence, took, notBefore, notAfter }, reason.trim());
          }}
        >
          Give this verdict
        </Button>
      </div>
    </div>
  );
}
