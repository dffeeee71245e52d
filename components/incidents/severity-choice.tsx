"use client";

import { severityGuide } from "@/components/incidents/severity-guide";
import { cn } from "@/components/lib/cn";
import { SeverityMark } from "@/components/lib/severity-mark";
import { severities, type Severity } from "@/server/platform/severity";

/** One severity of four, each with when to choose it and what it looks like. */
export function SeverityChoice({ value, onChange }: { value: Severity; onChange: (severity: Severity) => void }) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 text-xs font-medium">Severity</legend>
      {severities.map((severity) => (
        <label
          key={severity}
          className={cn(
            "grid cursor-pointer grid-cols-[auto_3rem_minmax(0,1fr)] items-start gap-x-2 rounded-md border px-2 py-1.5 hover:bg-muted",
            value === severity && "border-accent bg-accent-soft hover:bg-accent-soft",
          )}
        >
          <input
            type="radio"
            name="severity"
            value={severity}
            checked={value === severity}
            onChange={() => onChange(severity)}
            className="mt-1 accent-accent"
          />
          <SeverityMark severity={severity} />
          <span>
            {severityGuide[severity].when}
            <span className="block text-xs text-muted-foreground">{severityGuide[severity].examples}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
