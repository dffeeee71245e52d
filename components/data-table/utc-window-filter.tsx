import { TextFilter } from "@/components/data-table/text-filter";

type Change = { since: string | null } | { until: string | null };

/** Two times in UTC as typed, the end left open for now. `first` answers to "/". */
export function UtcWindowFilter({
  since,
  until,
  placeholder = "2026-11-23 02:14",
  first = false,
  onChange,
}: {
  since: string | null;
  until: string | null;
  placeholder?: string;
  first?: boolean;
  onChange: (change: Change) => void;
}) {
  return (
    <>
      <TextFilter
        first={first}
        label="From (UTC)"
        placeholder={placeholder}
        value={since}
        onApply={(next) => onChange({ since: next })}
        className="w-full sm:w-52"
      />
      <TextFilter
        label="Until (UTC)"
        placeholder="now"
        value={until}
        onApply={(next) => onChange({ until: next })}
        className="w-full sm:w-52"
      />
    </>
  );
}
