"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { askable, type Draft, mostSubjects, subjectsOf } from "@/components/approvals/request-model";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { Fact, Facts } from "@/components/wizard/facts";
import { counted } from "@/components/wizard/run-model";
import { agreementWords } from "@/components/approvals/action-of";
import { serviceKinds } from "@/server/services/schemas";
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
      {draft.action === "rotate-zone-key" ? (
        <Choice
          legend="Which zones"
          name="zones"
          choices={[
            { value: "subjects", label: "One zone" },
            { value: "zone", label: "Every zone" },
          ]}
          value={draft.scope}
          onChange={(scope) => onChange({ scope })}
        />
      ) : null}
      {draft.action === "re-encrypt-kek" ||
      draft.action === "restart-service" ||
      draft.action === "revoke-fleet" ||
      draft.action === "ack-pending" ||
      draft.action === "requeue-outbox" ||
      (draft.action === "rotate-zone-key" && draft.scope === "zone") ? null : (
        <ZonePicker
          value={draft.zone}
          onChange={(zone) => onChange({ zone })}
          all="Choose a zone"
          className="sm:w-full sm:max-w-xl"
        />
      )}
      <Particulars draft={draft} onChange={onChange} />
    </div>
  );
}

function Particulars({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  switch (draft.action) {
    case "revoke-zone":
      return <Subjects draft={draft} onChange={onChange} />;
    case "revoke-fleet":
      return <Zones draft={draft} onChange={onChange} />;
    case "freeze-zone":
      return (
        <p className="max-w-prose text-muted-foreground">
          Every policy binding of the zone is set to none. The old values are kept and put back by a thaw.
        </p>
      );
    case "rotate-zone-key":
      return (
        <Choice
          legend="Why"
          name="mode"
          choices={[
            {
              value: "compromise",
              label: "A key is known to somebody: two new versions, the old key is trusted no more",
            },
            { value: "routine", label: "Routine: one new version, the old key goes on verifying" },
          ]}
          value={draft.mode}
          onChange={(mode) => onChange({ mode })}
        />
      );
    case "restart-service":
      return (
        <Field label="Service" className="w-full max-w-xl">
          {(ids) => (
            <select
              {...ids}
              value={draft.service}
              className={controlStyle}
              onChange={(event) =>
                onChange({ service: serviceKinds.find((one) => one === event.target.value) ?? draft.service })
              }
            >
              {serviceKinds.map((kind) => (
                <option key={kind} value={kind}>
                  {kind}
                </option>
              ))}
            </select>
          )}
        </Field>
      );
    case "ack-pending":
      return draft.stream === null || draft.group === null ? null : (
        <Facts>
          <Fact name="Where">
            <span className="font-mono text-xs break-all">
              {draft.group} in {draft.stream}
            </span>
          </Fact>
          <Fact name="Entries">{counted(draft.ids.length, "entry", "entries")}</Fact>
        </Facts>
      );
    case "requeue-outbox":
      return (
        <Facts>
          <Fact name="Outbox">
            <span className="font-mono text-xs">{draft.outbox}</span>
          </Fact>
          <Fact name="Rows">{counted(draft.ids.length, "dead row")}</Fact>
        </Facts>
      );
    case "re-encrypt-kek":
      return (
        <Choice
          legend="Which way"
          name="direction"
          choices={[
            { value: "forward", label: "From the key in use to the next key" },
            { value: "back", label: "Back to the key in use" },
          ]}
          value={draft.direction}
          onChange={(direction) => onChange({ direction })}
        />
      );
  }
}

function Choice<Value extends string>({
  legend,
  name,
  choices,
  value,
  onChange,
}: {
  legend: string;
  name: string;
  choices: readonly { readonly value: Value; readonly label: string }[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset className="flex flex-wrap gap-x-4">
      <legend className="text-xs font-medium">{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className="flex min-h-8 items-center gap-2">
          <input
            type="radio"
            name={name}
            className="accent-accent"
            checked={value === choice.value}
            onChange={() => onChange(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}

function Subjects({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const [text, setText] = useState(draft.subjects.join("\n"));
  const typed = subjectsOf(text);
  return (
    <>
      <Choice
        legend="Whose sessions"
        name="scope"
        choices={scopes}
        value={draft.scope}
        onChange={(scope) => onChange({ scope })}
      />
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

/** Every zone, or some of them by name. */
function Zones({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.sessions.zones.queryOptions({ limit: 500 }));
  const zones = query.data?.rows ?? [];
  return (
    <>
      <Choice
        legend="Which zones"
        name="fleet-zones"
        choices={[
          { value: "zone", label: "Every zone that has a live session" },
          { value: "subjects", label: "Some zones" },
        ]}
        value={draft.scope}
        onChange={(scope) => onChange({ scope })}
      />
      {draft.scope === "zone" ? null : (
        <fieldset className="max-h-56 max-w-xl overflow-y-auto rounded-md border px-3 py-2">
          <legend className="text-xs font-medium">{counted(draft.zones.length, "zone")} chosen</legend>
          {query.isError ? <p role="alert">{reasonOf(query.error)}</p> : null}
          {zones.map((zone) => (
            <label key={zone.id} className="flex min-h-8 items-center gap-2">
              <input
                type="checkbox"
                className="accent-accent"
                checked={draft.zones.includes(zone.id)}
                onChange={(event) =>
                  onChange({
                    zones: event.target.checked
                      ? [...draft.zones, zone.id]
                      : draft.zones.filter((chosen) => chosen !== zone.id),
                  })
                }
              />
              {zone.name} <span className="text-muted-foreground">{zone.slug}</span>
            </label>
          ))}
        </fieldset>
      )}
      <p className="max-w-prose text-muted-foreground">
        100 zones and 50,000 sessions at most. Each zone gets a run of its own, with its own proof.
      </p>
    </>
  );
}
