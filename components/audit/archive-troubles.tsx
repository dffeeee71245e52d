"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Panel } from "@/components/lib/panel";
import { SeverityMark } from "@/components/lib/severity-mark";
import { TimeStamp } from "@/components/lib/time-stamp";
import { useTRPC } from "@/components/live/trpc";

/** What comparisons with the archive prove of rows that no check tells of; nothing while there is nothing. */
export function ArchiveTroubles() {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.archiveTroubles.queryOptions(undefined, { refetchInterval: 15_000 }));
  const troubles = query.data ?? [];
  if (troubles.length === 0) return null;
  return (
    <Panel
      title="What the archive contradicts"
      note="by the newest comparisons, beyond what checks tell of the same rows"
    >
      <ul>
        {troubles.map((one) => (
          <li
            key={`${one.comparisonId} ${one.zoneId}`}
            className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b px-3 py-2 last:border-b-0"
          >
            <SeverityMark severity={one.severity} />
            <Link
              href={`/audit/archive/${one.comparisonId}`}
              className="min-w-0 flex-1 basis-60 text-accent underline underline-offset-2"
            >
              {one.sentence}
            </Link>
            <span className="text-xs text-muted-foreground">
              <TimeStamp at={one.at} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
