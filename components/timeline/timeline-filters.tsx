"use client";

import { familyWords } from "@/components/incidents/incident-words";
import { TextFilter } from "@/components/data-table/text-filter";
import type { TimelineFilter } from "@/components/timeline/use-timeline";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { entryFamilies } from "@/server/timeline/schemas";

/** What the timeline shows: one family or all, words in it, pinned entries only. */
export function TimelineFilters({
  filter,
  onChange,
}: {
  filter: TimelineFilter;
  onChange: (filter: TimelineFilter) => void;
}) {
  return (
    <search className="flex flex-wrap items-end gap-2 border-b px-3 py-2">
      <Field label="Kind" className="w-28 sm:w-32">
        {(ids) => (
          <select
            {...ids}
            value={filter.families[0] ?? ""}
            onChange={(event) =>
              onChange({ ...filter, families: entryFamilies.filter((family) => family === event.target.value) })
            }
            className={controlStyle}
          >
            <option value="">Everything</option>
            {entryFamilies.map((family) => (
              <option key={family} value={family}>
                {familyWords[family]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextFilter
        first
        label="Text"
        placeholder="In an entry, or who"
        maxLength={100}
        value={filter.text || null}
        onApply={(text) => onChange({ ...filter, text: text ?? "" })}
        className="min-w-24 flex-1 sm:max-w-64"
      />
      <Button
        aria-pressed={filter.pinnedOnly}
        className={filter.pinnedOnly ? "border-accent bg-accent-soft px-2" : "px-2"}
        onClick={() => onChange({ ...filter, pinnedOnly: !filter.pinnedOnly })}
      >
        Pinned only
      </Button>
    </search>
  );
}
