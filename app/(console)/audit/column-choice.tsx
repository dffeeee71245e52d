"use client";

import { type ColumnName, columnNames } from "./search-params";
import { columnLabels } from "./columns";

/** Which columns the list shows; kept in the address, so that a link shows the same. */
export function ColumnChoice({
  chosen,
  onChange,
}: {
  chosen: readonly ColumnName[];
  onChange: (columns: ColumnName[]) => void;
}) {
  return (
    <details className="relative">
      <summary className="flex h-7 cursor-pointer items-center rounded-md border px-2 text-sm font-medium select-none hover:bg-muted">
        Columns
      </summary>
      <fieldset className="absolute right-0 z-20 mt-1 flex w-56 flex-col gap-1 rounded-md border bg-popover p-3 shadow-lg">
        <legend className="sr-only">Columns shown</legend>
        {columnNames.map((name) => (
          <label key={name} className="flex items-center gap-2">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={(event) =>
                onChange(columnNames.filter((one) => (one === name ? event.target.checked : chosen.includes(one))))
              }
            />
            {columnLabels[name]}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
