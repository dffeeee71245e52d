"use client";

import { useState } from "react";
import { cn } from "@/components/lib/cn";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A live number, right-aligned with its unit; a change is marked for a moment. null is "–": it cannot be told. */
export function NumberCell({ value, unit, className }: { value: number | null; unit?: string; className?: string }) {
  const [seen, setSeen] = useState(value);
  const [changes, setChanges] = useState(0);
  if (value !== seen) {
    setSeen(value);
    setChanges(changes + 1);
  }
  return (
    <span
      key={changes}
      className={cn(
        "inline-block text-right whitespace-nowrap tabular-nums",
        changes > 0 && "value-changed",
        className,
      )}
    >
      {value === null ? <span title="Cannot be told">–</span> : grouped.format(value)}
      {unit ? <span className="ml-1 text-muted-foreground">{unit}</span> : null}
    </span>
  );
}
