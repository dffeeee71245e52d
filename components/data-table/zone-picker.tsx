"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/components/live/trpc";
import { cn } from "@/components/lib/cn";
import { Field } from "@/components/ui/field";
import { Input, controlStyle } from "@/components/ui/input";

const most = 500;

/** Chooses one zone by name, or all. With more zones than a list can hold, or while they cannot be read, it takes an id. */
export function ZonePicker({
  value,
  onChange,
  all = "All zones",
  others = [],
  className,
}: {
  value: string | null;
  onChange: (zoneId: string | null) => void;
  all?: string;
  others?: readonly string[]; // ids of zones that Caracal does not know
  className?: string;
}) {
  const trpc = useTRPC();
  const query = useQuery(trpc.sessions.zones.queryOptions({ limit: most }, { staleTime: 60_000 }));
  const zones = query.data?.rows ?? [];
  const byId = query.isError || (query.data !== undefined && query.data.nextCursor !== null);
  return (
    <Field
      label="Zone"
      hint={query.isError ? "The zones cannot be read now: give an id" : undefined}
      className={cn("w-full sm:w-56", className)}
    >
      {(ids) =>
        byId ? (
          <Input
            {...ids}
            defaultValue={value ?? ""}
            placeholder="Zone id"
            className="font-mono"
            onBlur={(event) => onChange(event.target.value.trim() || null)}
            onKeyDown={(event) => {
              if (event.key === "Enter") onChange(event.currentTarget.value.trim() || null);
            }}
          />
        ) : (
          <select
            {...ids}
            value={value ?? ""}
            onChange={(event) => onChange(event.target.value || null)}
            className={controlStyle}
          >
            <option value="">{all}</option>
            {value !== null && !others.includes(value) && !zones.some((zone) => zone.id === value) ? (
              <option value={value}>{value}</option>
            ) : null}
            {zones.map((zone) => (
              <option key={zone.id} value={zone.id}>
                {zone.name}
                {zone.archivedAt === null ? "" : " (archived)"}
              </option>
            ))}
            {others.map((id) => (
              <option key={id} value={id}>
                {id} (not known to Caracal)
              </option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
