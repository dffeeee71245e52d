"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { type NotificationPreview, noticeTags, type PlannedStep } from "@/server/notifications/schemas";
import { severities } from "@/server/platform/severity";
import { Tick } from "./tick";

type Severity = (typeof severities)[number];
type Tag = (typeof noticeTags)[number];

/** "Who would be told now?": the saved rules, the channels and the maintenance windows as they are at this moment. */
export function WhoWouldBeTold() {
  const trpc = useTRPC();
  const [severity, setSeverity] = useState<Severity>("P1");
  const [tags, setTags] = useState<readonly Tag[]>([]);
  const [restricted, setRestricted] = useState(false);
  const query = useQuery(
    trpc.notifications.preview.queryOptions(
      { severity, tags: [...tags], restricted },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <Panel title="Who would be told now?" note="Nothing is sent">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2 border-b px-3 py-3">
        <Field label="Severity of the incident" className="w-40">
          {(ids) => (
            <select
              {...ids}
              value={severity}
              className={controlStyle}
              onChange={(event) => setSeverity(severities.find((one) => one === event.target.value) ?? "P1")}
            >
              {severities.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
        </Field>
        <fieldset className="flex flex-wrap gap-x-4">
          <legend className="text-xs font-medium">What it is about</legend>
          {noticeTags.map((tag) => (
            <Tick
              key={tag}
              label={tag}
              checked={tags.includes(tag)}
              onChange={(on) => setTags(on ? [...tags, tag] : tags.filter((one) => one !== tag))}
            />
          ))}
          <Tick label="restricted incident" checked={restricted} onChange={setRestricted} />
        </fieldset>
      </div>
      <Panel
        title="Answer"
        className="rounded-none border-0"
        note={
          query.data === undefined ? null : (
            <>
              by revision {query.data.revision} of the rules, <TimeStamp at={query.data.at} />
            </>
          )
        }
        state={panelStateOf(query, { when: false, sentence: "" })}
      >
        {query.data === undefined ? null : <Answer preview={query.data} />}
      </Panel>
    </Panel>
  );
}

function Answer({ preview }: { preview: NotificationPreview }) {
  return (
    <div className="flex flex-col gap-3 px-3 py-3">
      <p>
        <span className="text-muted-foreground">The line: </span>
        {preview.message}
      </p>
      {preview.windows.length === 0 ? null : (
        <p>
          <span className="font-medium">Maintenance is in force:</span>{" "}
          {preview.windows.map((window) => window.reason).join("; ")}
        </p>
      )}
      {preview.tiers.map(({ tier, why, steps }) => (
        <div key={tier}>
          <h3>{tier}</h3>
          {steps.length === 0 ? (
            <p className="text-muted-foreground">{why ?? "Nobody: no step is set."}</p>
          ) : (
            <ol className="flex flex-col gap-0.5">
              {steps.map((step, index) => (
                <li key={`${step.step} ${step.channel} ${step.afterMinutes} ${index.toString()}`}>{stepWords(step)}</li>
              ))}
            </ol>
          )}
        </div>
      ))}
    </div>
  );
}

function stepWords(step: PlannedStep) {
  const when = step.afterMinutes === 0 ? "at once" : `after ${step.afterMinutes} min without an acknowledgement`;
  const stopped = step.suppressed ?? step.problem;
  return (
    <>
      <span className={stopped === null ? undefined : "text-muted-foreground line-through"}>
        {step.step}. {step.channel} {when}
        {step.repeat ? " (repeated)" : ""}
      </span>
      {stopped === null ? null : <span> would not arrive: {stopped}</span>}
    </>
  );
}
