"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { DeadLetter } from "@/server/streams/schemas";
import { streamParams } from "../[stream]/search-params";
import { CauseList } from "./cause-list";
import { EntryFields } from "./entry-fields";
import { Pager } from "./pager";
import { RedrivePanel } from "./redrive-panel";
import { entriesCommand } from "./redis-commands";

const limit = 50;
const count = new Intl.NumberFormat("en");

function LetterRow({ letter }: { letter: DeadLetter }) {
  return (
    <TableRow>
      <TableCell>
        <TimeStamp at={letter.at} />
      </TableCell>
      <TableCell className="min-w-56">
        {letter.kind === "security-signal" ? <Badge tone="strong">security signal</Badge> : null}
        <span className="block break-words">{letter.reason}</span>
        <details className="mt-1 text-xs">
          <summary className="cursor-pointer text-accent">Everything in it</summary>
          <EntryFields fields={letter.fields} />
        </details>
      </TableCell>
      <TableCell className="whitespace-nowrap">
        {letter.eventType ?? <span className="text-muted-foreground">unknown</span>}
      </TableCell>
      <TableCell>
        {letter.zoneId === null ? (
          <span className="text-muted-foreground">none</span>
        ) : (
          <CopyText text={letter.zoneId} what="zone" />
        )}
      </TableCell>
      <TableCell>
        {letter.eventId === null ? (
          <span className="text-muted-foreground">none</span>
        ) : (
          <CopyText text={letter.eventId} what="event id" />
        )}
      </TableCell>
    </TableRow>
  );
}

/** A dead-letter stream grouped by cause, and its letters page by page. */
export function LettersPanel({ name }: { name: string }) {
  const trpc = useTRPC();
  const [{ cause, from }, setParams] = useQueryStates(streamParams, { history: "push" });
  const query = useQuery(
    trpc.streams.deadLetters.queryOptions(
      { stream: name, from, cause: cause ?? undefined, limit },
      { placeholderData: keepPreviousData, refetchInterval: 10_000 },
    ),
  );
  const page = query.data;
  const letters = page?.entries ?? [];
  return (
    <div className="flex flex-col gap-3">
      <RedrivePanel stream={name} empty={page?.length === 0} />
      <Panel
        title="By cause"
        note={
          page
            ? `${count.format(page.length)} in the queue; causes counted over the newest ${count.format(page.counted)}`
            : undefined
        }
        state={panelStateOf(query, { when: page?.length === 0, sentence: "No dead letters." })}
      >
        {page ? (
          <CauseList page={page} chosen={cause} onChoose={(next) => void setParams({ cause: next, from: null })} />
        ) : null}
        <Table label={`Dead letters of ${name}`}>
          <TableHead>
            <tr>
              <TableHeader>Received</TableHeader>
              <TableHeader>Reason</TableHeader>
              <TableHeader>Event</TableHeader>
              <TableHeader>Zone</TableHeader>
              <TableHeader>Event id</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {letters.map((letter) => (
              <LetterRow key={letter.id} letter={letter} />
            ))}
          </TableBody>
        </Table>
        <Pager
          count={`${letters.length} on this page${cause ? `, ${cause} only` : ""}`}
          next={page?.next ?? null}
          atStart={from === null}
          nextLabel="Older"
          startLabel="Back to the newest"
          onNext={(next) => void setParams({ from: next })}
          onStart={() => void setParams({ from: null })}
        />
      </Panel>
      <CommandBlock title="The same by hand" command={entriesCommand(name, "newest", from, limit)} />
    </div>
  );
}
