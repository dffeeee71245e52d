"use client";

import { TimeStamp } from "@/components/lib/time-stamp";
import { formatDuration } from "@/components/lib/duration";
import { useNow } from "@/components/live/now";
import type { Exposure } from "@/server/playbooks/schemas";

/** What an attacker can still do, why, and until when: longest first, what only people can end before that. */
export function ExposureList({ exposure, at }: { exposure: readonly Exposure[]; at: number }) {
  const now = useNow() ?? at;
  const ordered = [...exposure].sort(
    (a, b) => (b.until ?? Number.POSITIVE_INFINITY) - (a.until ?? Number.POSITIVE_INFINITY),
  );
  return (
    <ul>
      {ordered.map((item) => (
        <li key={item.id} className="flex flex-wrap gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0">
          <div className="min-w-0 flex-1 basis-72">
            <p className="font-medium">{item.what}</p>
            <p className="text-muted-foreground">{item.why}</p>
          </div>
          <p className="tabular-nums">
            {item.until === null ? (
              "until somebody ends it"
            ) : (
              <>
                until <TimeStamp at={item.until} show="time" /> · {formatDuration(Math.max(0, item.until - now))} left
              </>
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}
