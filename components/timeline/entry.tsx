"use client";

import { Pin, PinOff } from "lucide-react";
import Link from "next/link";
import { entryHref, familyWords } from "@/components/incidents/incident-words";
import { cn } from "@/components/lib/cn";
import { CopyText } from "@/components/lib/copy-text";
import { TimeStamp } from "@/components/lib/time-stamp";
import { EntryDetailTable } from "@/components/timeline/entry-details";
import { EntryFigures } from "@/components/timeline/entry-figures";
import { EntryRefs } from "@/components/timeline/entry-refs";
import { splitMentions } from "@/components/timeline/mention-model";
import { buttonStyle } from "@/components/ui/button";
import { type EntryFamily, entryFamilies, type TimelineEntry } from "@/server/timeline/schemas";

/** The family of an entry kind as words; a kind that this screen does not know is shown as it is. */
function familyOf(kind: string): string {
  const family = kind.split(".")[0];
  const known = entryFamilies.find((candidate): candidate is EntryFamily => candidate === family);
  return known === undefined ? kind : familyWords[known];
}

function Summary({ entry }: { entry: TimelineEntry }) {
  if (!entry.kind.startsWith("note.")) return entry.summary;
  return splitMentions(entry.summary).map((part) =>
    part.mention ? (
      <strong key={part.at} className="font-semibold">
        {part.text}
      </strong>
    ) : (
      part.text
    ),
  );
}

/** One entry: when, who, what; the figures it was read from; details folded. Its number is its address. */
export function Entry({
  incidentId,
  entry,
  marked,
  onPin,
}: {
  incidentId: string;
  entry: TimelineEntry;
  marked: boolean;
  onPin: ((pinned: boolean) => void) | null;
}) {
  const note = entry.kind.startsWith("note.");
  return (
    <li
      id={`e-${entry.seq}`}
      data-seq={entry.seq}
      aria-current={marked ? "location" : undefined}
      className={cn(
        "group grid grid-cols-[minmax(0,1fr)_auto] gap-x-2 border-b px-3 py-2 [contain-intrinsic-size:auto_3.5rem] [content-visibility:auto] last:border-0",
        note && "bg-muted/50",
        marked && "bg-accent-soft shadow-[inset_3px_0_0_var(--accent)]",
      )}
    >
      <div className="min-w-0">
        <div className="flex flex-wrap items-baseline gap-x-2 text-xs text-muted-foreground">
          <Link
            href={entryHref(incidentId, entry.seq)}
            aria-label={`Link to entry ${entry.seq}`}
            className="font-mono underline-offset-2 hover:underline"
          >
            {entry.seq}
          </Link>
          <TimeStamp at={entry.at} />
          <span className="font-medium text-foreground">{entry.actor.id === null ? "Console" : entry.actor.name}</span>
          {entry.actor.roles.length > 0 ? <span>{entry.actor.roles.join(", ")}</span> : null}
          <span title={entry.kind}>{entry.kind === "note.update" ? "Update" : familyOf(entry.kind)}</span>
        </div>
        <p className="mt-0.5 break-words whitespace-pre-wrap">
          <Summary entry={entry} />
        </p>
        <EntryFigures figures={entry.details.figures ?? []} at={entry.at} />
        <EntryRefs incidentId={incidentId} refs={entry.details.refs ?? {}} />
        <details className="mt-1 text-xs">
          <summary className="w-fit cursor-pointer text-muted-foreground hover:text-foreground">
            Details<span className="sr-only"> of entry {entry.seq}</span>
          </summary>
          <div className="mt-1 flex flex-col gap-1.5">
            <EntryDetailTable seq={entry.seq} details={entry.details} />
            <dl className="grid w-fit max-w-full grid-cols-[auto_minmax(0,1fr)] gap-x-3">
              <dt className="text-muted-foreground">Kind</dt>
              <dd className="font-mono">{entry.kind}</dd>
              <dt className="text-muted-foreground">Hash</dt>
              <dd>
                <CopyText text={entry.hash} what="hash" />
              </dd>
              <dt className="text-muted-foreground">Address</dt>
              <dd>{entry.address ?? "not from a browser"}</dd>
              <dt className="text-muted-foreground">Request</dt>
              <dd>{entry.requestId === null ? "none" : <CopyText text={entry.requestId} what="request id" />}</dd>
            </dl>
          </div>
        </details>
      </div>
      {onPin ? (
        <button
          type="button"
          aria-pressed={entry.pinned}
          aria-label={`${entry.pinned ? "Take the pin off" : "Pin"} entry ${entry.seq}`}
          onClick={() => onPin(!entry.pinned)}
          className={buttonStyle("ghost", "icon", cn(!entry.pinned && "text-muted-foreground"))}
        >
          {entry.pinned ? <PinOff aria-hidden className="size-4" /> : <Pin aria-hidden className="size-4" />}
        </button>
      ) : entry.pinned ? (
        <Pin role="img" aria-label="Pinned" className="size-4" />
      ) : null}
    </li>
  );
}
