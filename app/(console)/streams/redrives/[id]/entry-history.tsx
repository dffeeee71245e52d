"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { classWords, entryStateWords, redriveHref } from "@/components/redrive/redrive-words";

/** Where a letter has been: every list that held it, or one with the same content, and what was done. Asked for when it is opened. */
export function EntryHistoryDetails({ stream, entryId }: { stream: string; entryId: string }) {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const query = useQuery(trpc.redrive.history.queryOptions({ stream, entryId }, { enabled: open }));
  return (
    <details className="mt-1 text-xs" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="cursor-pointer text-accent">Where it has been</summary>
      {query.isError ? <p role="alert">{reasonOf(query.error)}</p> : null}
      <ol className="flex flex-col gap-1 py-1">
        {(query.data ?? []).map((one) => (
          <li key={`${one.runId} ${one.n}`}>
            <Link href={redriveHref(one.runId)} className="underline underline-offset-2">
              {classWords[one.class].label}, {entryStateWords(one)}
            </Link>{" "}
            {one.by} <TimeStamp at={one.at} />
            <span className="block text-muted-foreground">
              original <CopyText text={one.original} what="digest of the original" />
              {one.outcome === null ? "" : ` ${one.outcome}`}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
