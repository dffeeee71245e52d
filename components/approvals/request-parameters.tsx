"use client";

import { useState } from "react";
import { askable, type Draft, mostSubjects, subjectsOf } from "@/components/approvals/request-model";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { agreementWords } from "@/components/approvals/action-of";
import { policyOf } from "@/server/auth/action-policy";

const scopes = [
  { value: "subjects", label: "Several subjects" },
  { value: "zone", label: "The whole zone" },
] as const;

/** Which act, in which zone, on whom. */
export function RequestParameters({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const policy = policyOf(draft.action);
  return (
    <div className="flex flex-col gap-3 px-3 py-3">
      <Field label="Act" className="w-full max-w-xl">
        {(ids) => (
          <select
            {...ids}
            value={draft.action}
            className={controlStyle}
            onChange={(event) =>
              onChange({ action: askable.find((one) => one === event.target.value) ?? draft.action })
            }
          >
            {askable.map((action) => (
              <option key={action} value={action}>
                {policyOf(action).label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Facts>
        <Fact name="What will happen">{policy.effect}</Fact>
        <Fact name="Can it be undone">{policy.undo}</Fact>
        <Fact name="Who must agree">{agreementWords(policy)}</Fact>
      </Facts>
      <ZonePicker
        value={draft.zone}
        onChange={(zone) => onChange({ zone })}
        all="Choose a zone"
        className="sm:w-full sm:max-w-xl"
      />
      {draft.action === "freeze-zone" ? (
        <p className="max-w-prose text-muted-foreground">
          Every policy binding of the zone is set to none. The old values are kept and put back by a thaw.
        </p>
      ) : (
        <Subjects draft={draft} onChange={onChange} />
      )}
    </div>
  );
}

function Subjects({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const [text, setText] = useState(draft.subjects.join("\n"));
  const typed = subjectsOf(text);
  return (
    <>
      <fieldset className="flex flex-wrap gap-x-4">
        <legend className="text-xs font-medium">Whose sessions</legend>
        {scopes.map((scope) => (
          <label key={scope.value} className="flex min-h-8 items-center gap-2">
            <input
              type="radio"
              name="scope"
              className="accent-accent"
              checked={draft.scope === scope.value}
              onChange={() => onChange({ scope: scope.value })}
            />
            {scope.label}
          </label>
        ))}
      </fieldset>
      {draft.scope === "zone" ? null : (
        <Field
          label="Subject ids"
          hint={`One a line, or parted by commas; ${mostSubjects.toLocaleString("en-GB")} at most. ${counted(typed.length, "subject")} so far.`}
          className="w-full max-w-xl"
        >
          {(ids) => (
            <Textarea
              {...ids}
              rows={4}
              className="font-mono"
              value={text}
              onChange={(event) => setText(event.target.value)}
              onBlur={() => onChange({ subjects: typed })}
            />
          )}
        </Field>
      )}
    </>
  );
}
