"use client";

import { formatAgo } from "@/components/lib/duration";
import { cn } from "@/components/lib/cn";
import { utcDay, utcStamp } from "@/components/lib/utc";
import { useNow } from "@/components/live/now";

/**
 * "02:14:31 UTC · 12 s ago"; hover gives local time. `at` is epoch ms or ISO text; null shows "never".
 * `show`: both (default), only the time, or only the age.
 */
export function TimeStamp({
  at,
  show = "both",
  date = "auto",
  className,
}: {
  at: number | string | null;
  show?: "both" | "time" | "age";
  date?: "auto" | "always" | "never";
  className?: string;
}) {
  const now = useNow();
  if (at === null) return <span className={cn("text-muted-foreground", className)}>never</span>;
  const ms = typeof at === "string" ? Date.parse(at) : at;
  if (Number.isNaN(ms)) return <span className={cn("text-muted-foreground", className)}>unknown time</span>;
  const day = date === "always" ? `${utcDay(ms)} ` : "";
  const time = `${day}${utcStamp(ms, date === "auto" ? now : null)}`;
  const age = now === null ? "" : formatAgo(ms, now);
  const local =
    now === null ? undefined : `${new Date(ms).toLocaleString()} local time · ${utcDay(ms)} ${utcStamp(ms, null)}`;
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={local}
      className={cn("whitespace-nowrap tabular-nums", className)}
    >
      {show === "age" ? age : time}
      {show === "both" ? <span className="ml-1.5 inline-block min-w-[5.5em] text-muted-foreground">{age}</span> : null}
    </time>
  );
}
