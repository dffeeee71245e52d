"use client";

import { utcClock, utcDay } from "@/components/lib/utc";
import { useNow } from "@/components/live/now";

/** The time by UTC, once a second; hover gives the day and local time. */
export function UtcClock() {
  const now = useNow();
  return (
    <time
      className="inline-block w-[5.75rem] text-right whitespace-nowrap tabular-nums"
      title={now === null ? undefined : `${utcDay(now)} · ${new Date(now).toLocaleString()} local time`}
    >
      {now === null ? "" : `${utcClock(now)} UTC`}
    </time>
  );
}
