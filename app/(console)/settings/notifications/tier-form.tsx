"use client";

import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle, Input } from "@/components/ui/input";
import { everyChannel, noticeTags, type TierRule } from "@/server/notifications/schemas";
import { severities } from "@/server/platform/severity";
import {
  addCondition,
  addStep,
  changeRepeat,
  changeStep,
  removeCondition,
  removeStep,
  type Rules,
  toggleIn,
} from "./rule-editor";
import { Tick } from "./tick";

/** One tier's conditions, steps and repetition, to be edited. */
export function TierForm({
  rule,
  rules,
  channels,
  onChange,
}: {
  rule: TierRule;
  rules: Rules;
  channels: readonly string[];
  onChange: (rules: Rules) => void;
}) {
  const { tier } = rule;
  return (
    <fieldset className="flex min-w-0 flex-col gap-3 rounded-md border px-3 py-2">
      <legend className="px-1 font-semibold">{tier}</legend>
      {rule.when.map((condition, index) => (
        <fieldset key={`condition-${index.toString()}`} className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <legend className="text-xs font-medium">Condition {index + 1}: is told of</legend>
          {severities.map((severity) => (
            <Tick
              key={severity}
              label={severity}
              checked={condition.severities.includes(severity)}
              onChange={() => onChange(toggleIn(rules, tier, index, { severity }))}
            />
          ))}
          {noticeTags.map((tag) => (
            <Tick
              key={tag}
              label={`only with ${tag}`}
              checked={condition.tags.includes(tag)}
              onChange={() => onChange(toggleIn(rules, tier, index, { tag }))}
            />
          ))}
          <Button size="sm" variant="ghost" onClick={() => onChange(removeCondition(rules, tier, index))}>
            Remove
            <span className="sr-only">
              {" "}
              condition {index + 1} of {tier}
            </span>
          </Button>
        </fieldset>
      ))}
      <Button
        size="sm"
        className="self-start"
        disabled={rule.when.length >= 4}
        onClick={() => onChange(addCondition(rules, tier))}
      >
        Add a condition<span className="sr-only"> to {tier}</span>
      </Button>
      {rule.steps.map((step, index) => (
        <div key={`step-${index.toString()}`} className="flex flex-wrap items-end gap-2">
          <Field label={`Step ${index + 1}: channel`} className="w-48">
            {(ids) => (
              <select
                {...ids}
                value={step.channel}
                className={controlStyle}
                onChange={(event) => onChange(changeStep(rules, tier, index, { channel: event.target.value }))}
              >
                <option value={everyChannel}>Every channel</option>
                {[...new Set([...channels, ...(step.channel === everyChannel ? [] : [step.channel])])].map((name) => (
                  <option key={name} value={name}>
                    {name}
                    {channels.includes(name) ? "" : " (not configured)"}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Minutes
            label="Minutes after the notice"
            value={step.afterMinutes}
            least={0}
            most={1_440}
            onChange={(afterMinutes) => onChange(changeStep(rules, tier, index, { afterMinutes }))}
          />
          <Button size="sm" variant="ghost" onClick={() => onChange(removeStep(rules, tier, index))}>
            Remove
            <span className="sr-only">
              {" "}
              step {index + 1} of {tier}
            </span>
          </Button>
        </div>
      ))}
      <Button
        size="sm"
        className="self-start"
        disabled={rule.steps.length >= 8}
        onClick={() => onChange(addStep(rules, tier))}
      >
        Add a step<span className="sr-only"> to {tier}</span>
      </Button>
      <div className="flex flex-wrap items-end gap-2">
        <Minutes
          label="Repeat the last step every … minutes"
          value={rule.repeat.everyMinutes}
          least={1}
          most={1_440}
          onChange={(everyMinutes) => onChange(changeRepeat(rules, tier, { everyMinutes }))}
        />
        <Minutes
          label="At most … times"
          value={rule.repeat.times}
          least={0}
          most={12}
          onChange={(times) => onChange(changeRepeat(rules, tier, { times }))}
        />
      </div>
    </fieldset>
  );
}

function Minutes({
  label,
  value,
  least,
  most,
  onChange,
}: {
  label: string;
  value: number;
  least: number;
  most: number;
  onChange: (value: number) => void;
}) {
  return (
    <Field label={label} className="w-56">
      {(ids) => (
        <Input
          {...ids}
          type="number"
          inputMode="numeric"
          min={least}
          max={most}
          step={1}
          value={Number.isNaN(value) ? "" : value}
          onChange={(event) => onChange(event.target.valueAsNumber)}
        />
      )}
    </Field>
  );
}
