"use client";

import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Entry } from "@/components/timeline/entry";
import { TimelineFilters } from "@/components/timeline/timeline-filters";
import { useScrollAnchor } from "@/components/timeline/use-scroll-anchor";
import { type TimelineFilter, useTimeline } from "@/components/timeline/use-timeline";
import { Button } from "@/components/ui/button";

/** Who has no pointer scrolls the list with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };
const edgePx = 120;
const everything: TimelineFilter = { families: [], text: "", pinnedOnly: false };

/** The record of an incident, newest at the bottom. Grows by itself while its end is in sight; `entry` is the one that was linked to. */
export function Timeline({
  incidentId,
  headSeq,
  entry,
  onEntry,
  mayPin,
}: {
  incidentId: string;
  headSeq: number;
  entry: number | null;
  onEntry: (seq: number | null) => void;
  mayPin: boolean;
}) {
  const trpc = useTRPC();
  const [filter, setFilter] = useState(everything);
  const timeline = useTimeline(incidentId, filter, entry, headSeq);
  const { window } = timeline;
  const box = useRef<HTMLElement>(null);
  const anchor = useScrollAnchor(box, window, entry);
  const pin = useMutation(
    trpc.incidents.pin.mutationOptions({
      onSuccess: (_done, { seq, pinned }) => timeline.mark(seq, pinned),
      onError: (error) => toast.error(reasonOf(error)),
    }),
  );
  const scrolled = () => {
    anchor.note();
    const element = box.current;
    if (element === null || timeline.busy !== null || timeline.trouble !== null) return;
    if (element.scrollTop < edgePx && window?.older != null) void timeline.older();
    else if (element.scrollHeight - element.scrollTop - element.clientHeight < edgePx && window?.newer != null)
      void timeline.newer();
  };
  const unseen = window === null ? 0 : Math.max(0, headSeq - (window.entries.at(-1)?.seq ?? 0));
  const filtered = filter !== everything;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <TimelineFilters
        filter={filter}
        onChange={(next) => {
          onEntry(null);
          setFilter(next);
        }}
      />
      {timeline.trouble ? (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-3 border-b border-dashed bg-muted px-3 py-1.5 text-xs"
        >
          <span className="min-w-0 flex-1">
            {timeline.trouble} {window === null ? "" : "What is shown is as it was read before."}
          </span>
          <Button size="sm" onClick={timeline.again}>
            Read again
          </Button>
        </div>
      ) : null}
      <section
        {...scrollable}
        ref={box}
        onScroll={scrolled}
        aria-label="Timeline, newest at the bottom"
        aria-busy={window === null}
        className="relative min-h-64 flex-1 overflow-y-auto [overflow-anchor:none]"
      >
        {window === null && timeline.trouble === null ? (
          <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-3">
            {["a", "b", "c", "d", "e", "f"].map((row) => (
              <div key={row} className="h-9 animate-pulse rounded-sm bg-muted" />
            ))}
          </div>
        ) : null}
        {window !== null && window.older !== null ? (
          <div className="flex justify-center border-b py-1.5">
            <Button size="sm" disabled={timeline.busy !== null} onClick={() => void timeline.older()}>
              {timeline.busy === "older" ? "Loading" : "Older entries"}
            </Button>
          </div>
        ) : null}
        {window !== null && window.entries.length === 0 ? (
          <p className="px-3 py-4 text-muted-foreground">
            {filtered
              ? window.older === null
                ? "No entry matches. Another kind or other words may show it."
                : "No entry matches among those looked through so far. Older entries looks further back."
              : "Nothing is on this record yet."}
          </p>
        ) : null}
        <ol data-testid="timeline">
          {window?.entries.map((item) => (
            <Entry
              key={item.seq}
              incidentId={incidentId}
              entry={item}
              marked={item.seq === entry}
              onPin={mayPin ? (pinned) => pin.mutate({ incidentId, seq: item.seq, pinned }) : null}
            />
          ))}
        </ol>
      </section>
      {window !== null && window.newer !== null ? (
        <div className="flex flex-wrap items-center justify-center gap-2 border-t py-1.5">
          <Button size="sm" disabled={timeline.busy !== null} onClick={() => void timeline.newer()}>
            {timeline.busy === "newer" ? "Loading" : "Newer entries"}
          </Button>
          <Button
            size="sm"
            onClick={() => {
              if (entry === null) timeline.again();
              else onEntry(null);
              anchor.toEnd();
            }}
          >
            To the newest{unseen > 0 ? ` (${unseen.toLocaleString("en-GB")} further)` : ""}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
