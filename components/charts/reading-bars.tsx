import { Circle } from "lucide-react";
import Link from "next/link";
import { idAxis, type Region, type RegionKind, readingBar } from "@/components/charts/reading-bar";
import { readingWords } from "@/components/charts/reading-words";
import { idMillis } from "@/components/charts/stream-id";
import { cn } from "@/components/lib/cn";
import { TimeStamp } from "@/components/lib/time-stamp";
import type { GroupState, StreamState } from "@/server/live/snapshot";

const looks: Readonly<Record<RegionKind, { pattern: string; word: string }>> = {
  read: { pattern: "region-read", word: "read" },
  pending: { pattern: "region-pending", word: "delivered, not acknowledged" },
  unread: { pattern: "region-unread", word: "not yet read" },
  lost: { pattern: "region-lost", word: "lost: trimmed before it was read" },
};

/** What the patterns mean, once per page. */
export function ReadingLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted-foreground">
      {Object.entries(looks).map(([kind, look]) => (
        <li key={kind} className="flex items-center gap-1.5">
          <span aria-hidden className={cn("h-2.5 w-6 rounded-sm border border-border-strong", look.pattern)} />
          {look.word}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <Circle aria-hidden="true" className="size-3" />
        never used
      </li>
    </ul>
  );
}

function GroupBar({
  stream,
  group,
  hrefOf,
}: {
  stream: StreamState;
  group: GroupState;
  hrefOf: (group: GroupState, region: Region) => string;
}) {
  const bar = readingBar(stream, group);
  if (bar.neverUsed)
    return (
      <div className="flex h-4 items-center text-muted-foreground">
        <Circle aria-hidden="true" className="mr-1.5 size-3" />
        never used
      </div>
    );
  return (
    <div className="relative h-4">
      <div aria-hidden className="absolute inset-x-0 top-1/2 border-t border-dashed border-border-strong" />
      {bar.regions.map((region) => (
        <Link
          key={`${region.kind}-${region.fromId}`}
          href={hrefOf(group, region)}
          prefetch={false}
          aria-label={`${group.group}: ${looks[region.kind].word}, ${region.fromId ?? "start"} to ${region.toId ?? "end"}. Show entries`}
          title={`${looks[region.kind].word}: ${region.fromId ?? ""} to ${region.toId ?? ""}`}
          className={cn(
            "absolute top-0.5 h-3 border-y border-border-strong hover:top-0 hover:h-4",
            region.kind !== "read" && "border-x",
            looks[region.kind].pattern,
          )}
          style={{ left: `${region.from * 100}%`, width: `${(region.to - region.from) * 100}%` }}
        />
      ))}
    </div>
  );
}

/** One bar per group on the stream's id axis; a click on a stretch opens its entries. */
export function ReadingBars({
  stream,
  hrefOf,
}: {
  stream: StreamState;
  hrefOf: (group: GroupState, region: Region) => string;
}) {
  const axis = idAxis(stream);
  if (stream.groups.length === 0) return <p className="text-muted-foreground">No group reads this stream.</p>;
  return (
    <div className="grid grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-[12rem_minmax(0,1fr)] lg:grid-cols-[13rem_minmax(0,1fr)_minmax(14rem,22rem)]">
      {axis && stream.length > 0 ? (
        <div className="hidden justify-between text-xs text-muted-foreground sm:col-start-2 sm:flex">
          <span>
            first <TimeStamp at={idMillis(axis.first)} show="time" />
          </span>
          <span>
            last <TimeStamp at={idMillis(axis.last)} show="time" />
          </span>
        </div>
      ) : null}
      {stream.groups.map((group) => (
        <div key={group.group} className="contents">
          <div className="truncate pt-1 font-mono text-xs sm:col-start-1 sm:pt-0" title={group.group}>
            {group.group}
          </div>
          <GroupBar stream={stream} group={group} hrefOf={hrefOf} />
          <div
            className={cn(
              "text-xs sm:col-start-2 lg:col-start-3",
              group.verdict === "never-used" && "text-muted-foreground",
            )}
          >
            {readingWords(group)}
          </div>
        </div>
      ))}
    </div>
  );
}
