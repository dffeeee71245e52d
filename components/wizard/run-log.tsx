"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";

const pageSize = 200;

/** Who has no pointer scrolls it with the arrow keys, so its box can take the focus. */
const scrollable = { tabIndex: 0 };

/** Everything that was done and seen in this run, as stored: oldest first, newest at the bottom and in sight unless somebody scrolled up. */
export function RunLog({ runId, over }: { runId: string; over: boolean }) {
  const trpc = useTRPC();
  const [starts, setStarts] = useState<readonly number[]>([0]);
  const afterSeq = starts.at(-1) ?? 0;
  const query = useQuery(
    trpc.playbooks.log.queryOptions(
      { runId, afterSeq, limit: pageSize },
      { refetchInterval: over ? false : 3_000, placeholderData: keepPreviousData },
    ),
  );
  const entries = query.data?.entries ?? [];
  const lastSeq = entries.at(-1)?.seq ?? 0;
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (lastSeq > 0 && atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [lastSeq]);
  const next = query.data?.next ?? null;
  return (
    <Panel
      title="Run log"
      note="Every act and observation, as stored"
      state={panelStateOf(query, { when: entries.length === 0, sentence: "Nothing has been written yet." })}
      actions={
        <>
          {starts.length > 1 ? (
            <Button size="sm" onClick={() => setStarts(starts.slice(0, -1))}>
              Earlier
            </Button>
          ) : null}
          {next === null ? null : (
            <Button size="sm" onClick={() => setStarts([...starts, next])}>
              Later
            </Button>
          )}
        </>
      }
    >
      <section
        ref={box}
        aria-label="Entries of the run log"
        className="relative max-h-96 overflow-y-auto px-3 py-2"
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
        {...scrollable}
      >
        <ol className="flex flex-col">
          {entries.map((entry) => (
            <li key={entry.seq} className="grid grid-cols-[auto_1fr] gap-x-3 py-0.5 sm:grid-cols-[auto_9rem_1fr]">
              <TimeStamp at={entry.at} show="time" className="text-muted-foreground" />
              <span className="truncate text-muted-foreground max-sm:hidden">{entry.actor}</span>
              <span className="min-w-0 break-words">
                <span className="text-muted-foreground sm:hidden">{entry.actor}: </span>
                {entry.text}
              </span>
            </li>
          ))}
        </ol>
      </section>
    </Panel>
  );
}
