"use client";

import { useQuery } from "@tanstack/react-query";
import { TextFilter } from "@/components/data-table/text-filter";
import { UtcWindowFilter } from "@/components/data-table/utc-window-filter";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { presetLabels, presetNames } from "./audit-window";
import type { AuditFilter } from "./question-of";
import { auditSearch } from "./search-params";

/** The filters of the search. Types, decisions and statuses are those that the last 7 days really have, not a list from a manual. */
export function AuditFilters({ filter, set }: { filter: AuditFilter; set: (change: Partial<AuditFilter>) => void }) {
  const trpc = useTRPC();
  const { data: words } = useQuery(
    trpc.audit.vocabulary.queryOptions({ zoneId: filter.zone ?? undefined }, { staleTime: 60_000 }),
  );
  return (
    <search className="flex flex-col gap-3">
      <div className="flex flex-wrap items-start gap-3">
        <Field label="Window" className="w-full sm:w-44">
          {(ids) => (
            <select
              {...ids}
              value={filter.since !== null || filter.until !== null ? "custom" : filter.window}
              onChange={(event) => {
                const preset = auditSearch.window.parse(event.target.value);
                set(preset === null ? { since: hourAgo() } : { window: preset, since: null, until: null });
              }}
              className={controlStyle}
            >
              {presetNames.map((name) => (
                <option key={name} value={name}>
                  {presetLabels[name]}
                </option>
              ))}
              <option value="custom">From and until</option>
            </select>
          )}
        </Field>
        {filter.since !== null || filter.until !== null ? (
          <UtcWindowFilter since={filter.since} until={filter.until} onChange={(change) => set(change)} />
        ) : null}
        <ZonePicker value={filter.zone} others={words?.strangeZones} onChange={(zone) => set({ zone })} />
        <Choice label="Type" value={filter.type} options={words?.eventTypes} onChange={(type) => set({ type })} />
        <Choice
          label="Decision"
          value={filter.decision}
          options={words?.decisions}
          onChange={(decision) => set({ decision })}
        />
        <Choice
          label="Status"
          value={filter.status}
          options={words?.evaluationStatuses}
          onChange={(status) => set({ status })}
        />
        <TextFilter
          label="Resource"
          placeholder="resource://…"
          value={filter.resource}
          maxLength={500}
          onApply={(resource) => set({ resource })}
          className="w-full sm:w-56"
        />
        <TextFilter
          label="Request id"
          value={filter.request}
          onApply={(request) => set({ request })}
          className="w-full sm:w-56"
        />
        <TextFilter
          first
          label="Text in metadata"
          placeholder="at least 2 characters"
          value={filter.text}
          maxLength={200}
          onApply={(text) => set({ text })}
          className="w-full sm:w-56"
        />
      </div>
      <details open={filter.policy !== null || filter.set !== null || filter.version !== null}>
        <summary className="cursor-pointer text-xs font-medium">By policy</summary>
        <div className="mt-2 flex flex-wrap items-start gap-3">
          <TextFilter
            label="Determining policy"
            value={filter.policy}
            maxLength={200}
            onApply={(policy) => set({ policy })}
            className="w-full sm:w-56"
          />
          <TextFilter
            label="Policy set id"
            value={filter.set}
            maxLength={200}
            onApply={(id) => set({ set: id })}
            className="w-full sm:w-72"
          />
          <TextFilter
            label="Policy set version id"
            value={filter.version}
            maxLength={200}
            onApply={(version) => set({ version })}
            className="w-full sm:w-72"
          />
        </div>
      </details>
      <p className="max-w-prose text-xs text-muted-foreground">
        {words === undefined || words.eventTypes.length === 0
          ? "The types offered are those that events really have."
          : `Types seen in the last 7 days: ${words.eventTypes.join(", ")}.`}{" "}
        This release writes no “token_issued”: an issued mandate shows as one token_exchange per resource. Events name
        no subject and no session. No index covers anything but zone, time and request id: the other filters look
        through the events of one zone, and say how far they got.
      </p>
    </search>
  );
}

const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString().slice(0, 16).replace("T", " ");

function Choice({
  label,
  value,
  options = [],
  onChange,
}: {
  label: string;
  value: string | null;
  options?: readonly string[];
  onChange: (value: string | null) => void;
}) {
  const offered = value === null || options.includes(value) ? options : [value, ...options];
  return (
    <Field label={label} className="w-full sm:w-40">
      {(ids) => (
        <select
          {...ids}
          value={value ?? ""}
          onChange={(event) => onChange(event.target.value || null)}
          className={controlStyle}
        >
          <option value="">Any</option>
          {offered.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
