"use client";

import { useQuery } from "@tanstack/react-query";
import type { inferParserType, SetValues } from "nuqs";
import { TextFilter } from "@/components/data-table/text-filter";
import { UtcWindowFilter } from "@/components/data-table/utc-window-filter";
import { ZonePicker } from "@/components/data-table/zone-picker";
import { useTRPC } from "@/components/live/trpc";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { presetLabels, presetNames } from "./audit-window";
import { auditSearch } from "./search-params";

export type AuditFilter = inferParserType<typeof auditSearch>;

/** The filters of the search. Types, decisions and statuses are those that the last 7 days really have, not a list from a manual. */
export function AuditFilters({ filter, set }: { filter: AuditFilter; set: SetValues<typeof auditSearch> }) {
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
                void set(preset === null ? { since: hourAgo() } : { window: preset, since: null, until: null });
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
          <UtcWindowFilter since={filter.since} until={filter.until} onChange={(change) => void set(change)} />
        ) : null}
        <ZonePicker value={filter.zone} onChange={(zone) => void set({ zone })} />
        <Choice label="Type" value={filter.type} options={words?.eventTypes} onChange={(type) => void set({ type })} />
        <Choice
          label="Decision"
          value={filter.decision}
          options={words?.decisions}
          onChange={(decision) => void set({ decision })}
        />
        <Choice
          label="Status"
          value={filter.status}
          options={words?.evaluationStatuses}
          onChange={(status) => void set({ status })}
        />
        <TextFilter
          label="Request id"
          value={filter.request}
          onApply={(request) => void set({ request })}
          className="w-full sm:w-56"
        />
        <TextFilter
          first
          label="Text in metadata"
          placeholder="at least 2 characters"
          value={filter.text}
          maxLength={200}
          onApply={(text) => void set({ text })}
          className="w-full sm:w-56"
        />
      </div>
      <p className="max-w-prose text-xs text-muted-foreground">
        {words === undefined || words.eventTypes.length === 0
          ? "The types offered are those that events really have."
          : `Types seen in the last 7 days: ${words.eventTypes.join(", ")}.`}{" "}
        This release writes no “token_issued”: an issued mandate shows as one token_exchange per resource. Events name
        no subject and no session.
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
