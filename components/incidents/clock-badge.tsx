"use client";

import { AlarmClock, TriangleAlert } from "lucide-react";
import { clockWord } from "@/components/incidents/clock-words";
import { cn } from "@/components/lib/cn";
import { utcDay, utcStamp } from "@/components/lib/utc";
import { useNow } from "@/components/live/now";
import type { IncidentClock } from "@/server/incidents/schemas";

/** What is due by when, counted down by the server's time; late ones say so in words and with a mark. */
export function ClockBadge({ clock, className }: { clock: IncidentClock; className?: string }) {
  const now = useNow();
  const due = Date.parse(clock.dueAt);
  const word = now === null ? null : clockWord(clock, now);
  if (now !== null && word === null) return null;
  const Icon = word?.urgency === "late" ? TriangleAlert : AlarmClock;
  return (
    <span
      title={`Due ${utcDay(due)} ${utcStamp(due, null)}`}
      data-urgency={word?.urgency}
      className={cn(
        "inline-flex min-w-40 items-center gap-1 whitespace-nowrap tabular-nums",
        word?.urgency === "calm" && "text-muted-foreground",
        word?.urgency === "soon" && "font-medium",
        word?.urgency === "late" && "font-semibold underline decoration-2 underline-offset-2",
        className,
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {word?.text ?? ""}
    </span>
  );
}
