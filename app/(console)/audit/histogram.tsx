"use client";

import { type KeyboardEvent, useState } from "react";
import { cn } from "@/components/lib/cn";
import { utcStamp } from "@/components/lib/utc";
import type { AuditOverview } from "@/server/audit/schemas";

type Histogram = NonNullable<AuditOverview["histogram"]>;

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const striped = "repeating-linear-gradient(135deg, currentColor 0 2px, transparent 2px 5px)";

/** When the events were. A bar is chosen by pointer or arrow keys and narrows the window to its time; a striped one is an estimate. */
export function AuditHistogram({
  histogram: { buckets, bucketMs },
  onNarrow,
}: {
  histogram: Histogram;
  onNarrow: (since: string, until: string) => void;
}) {
  const [at, setAt] = useState(0);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.events));
  const [start, end] = [Date.parse(buckets[0]?.since ?? ""), Date.parse(buckets.at(-1)?.since ?? "") + bucketMs];
  const words = (bucket: Histogram["buckets"][number]) =>
    `${bucket.how === "estimated" ? "about " : ""}${count.format(bucket.events)} from ${utcStamp(Date.parse(bucket.since), end)}`;
  const move = (event: KeyboardEvent<HTMLButtonElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(buckets.length - 1, Math.max(0, at + step));
    setAt(next);
    event.currentTarget.parentElement?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className="px-3 py-2">
      <div role="toolbar" aria-label="Events by time" className="flex h-16 items-end gap-px text-accent">
        {buckets.map((bucket, n) => (
          <button
            key={bucket.since}
            type="button"
            tabIndex={n === at ? 0 : -1}
            aria-label={`${words(bucket)}. Narrow to it`}
            title={words(bucket)}
            onFocus={() => setAt(n)}
            onKeyDown={move}
            onClick={() => onNarrow(bucket.since, new Date(Date.parse(bucket.since) + bucketMs).toISOString())}
            className="group flex h-full min-w-0 flex-1 items-end hover:bg-muted"
          >
            <span
              className={cn("w-full", bucket.how === "counted" && "bg-current")}
              style={{
                height: bucket.events === 0 ? 0 : `max(2px, ${(bucket.events / most) * 100}%)`,
                backgroundImage: bucket.how === "estimated" ? striped : undefined,
              }}
            />
          </button>
        ))}
      </div>
      <div className="flex justify-between gap-3 border-t pt-1 text-xs text-muted-foreground tabular-nums">
        <span>{utcStamp(start, end)}</span>
        <span>highest {count.format(most)}</span>
        <span>{utcStamp(end, null)}</span>
      </div>
    </div>
  );
}
