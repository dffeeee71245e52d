"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { compareIds } from "@/components/charts/stream-id";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Button } from "@/components/ui/button";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { StreamState } from "@/server/live/snapshot";
import { streamParams } from "../[stream]/search-params";
import { EntryFields } from "./entry-fields";
import { JumpTo } from "./jump-to";
import { Pager } from "./pager";
import { entriesCommand } from "./redis-commands";
import { SignatureWord } from "./signature-word";

const limit = 50;

/** Entries of a stream, newest or oldest first, page by page. New ones are announced, never pushed under the reader's eyes. */
export function EntriesPanel({ name, stream }: { name: string; stream: StreamState | undefined }) {
  const trpc = useTRPC();
  const [{ direction, from }, setParams] = useQueryStates(streamParams, { history: "push" });
  const query = useQuery(
    trpc.streams.entries.queryOptions({ stream: name, direction, from, limit }, { placeholderData: keepPreviousData }),
  );
  const entries = query.data?.entries ?? [];
  const newest = entries[0]?.id;
  const hasNewer =
    direction === "newest" &&
    from === null &&
    newest !== undefined &&
    stream?.lastId != null &&
    compareIds(stream.lastId, newest) > 0;
  const state = panelStateOf(query, {
    when: entries.length === 0,
    sentence: from === null ? "The stream holds no entries." : "No entries beyond this point.",
  });
  const turn = (to: "newest" | "oldest") => void setParams({ direction: to, from: null });
  return (
    <div className="flex flex-col gap-3">
      <JumpTo
        key={name}
        from={from}
        onJump={(target) => void setParams({ direction: "oldest", from: target })}
        onEnd={() => void setParams({ from: null })}
      />
      <Panel
        title="Entries"
        note={direction === "newest" ? "Newest first" : "Oldest first"}
        state={state}
        actions={
          <>
            {hasNewer ? (
              <Button size="sm" variant="primary" onClick={() => void query.refetch()}>
                Show newer entries
              </Button>
            ) : null}
            {from === null ? null : (
              <Button
                size="sm"
                onClick={() => void setParams({ direction: direction === "newest" ? "oldest" : "newest", from })}
              >
                {direction === "newest" ? "Newer than this" : "Older than this"}
              </Button>
            )}
            <Button size="sm" aria-pressed={direction === "newest"} onClick={() => turn("newest")}>
              Newest
            </Button>
            <Button size="sm" aria-pressed={direction === "oldest"} onClick={() => turn("oldest")}>
              Oldest
            </Button>
          </>
        }
      >
        <Table label={`Entries of ${name}`}>
          <TableHead>
            <tr>
              <TableHeader>Id</TableHeader>
              <TableHeader>Added</TableHeader>
              <TableHeader>Fields</TableHeader>
              <TableHeader>Signature</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {entries.map((entry) => (
              <TableRow key={entry.id}>
                <TableCell>
                  <CopyText text={entry.id} what="entry id" whole className="whitespace-nowrap" />
                </TableCell>
                <TableCell>
                  <TimeStamp at={entry.at} />
                </TableCell>
                <TableCell>
                  <EntryFields fields={entry.fields} decoded={entry.decoded} />
                </TableCell>
                <TableCell>
                  <SignatureWord signature={entry.signature} consequence={entry.consequence} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        <Pager
          count={`${entries.length} on this page`}
          next={query.data?.next ?? null}
          atStart={from === null}
          nextLabel={direction === "newest" ? "Older" : "Newer"}
          startLabel={direction === "newest" ? "Back to the newest" : "Back to the oldest"}
          onNext={(next) => void setParams({ from: next })}
          onStart={() => void setParams({ from: null })}
        />
      </Panel>
      <CommandBlock title="The same by hand" command={entriesCommand(name, direction, from, limit)} />
    </div>
  );
}
