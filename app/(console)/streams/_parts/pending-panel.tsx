"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { CommandBlock } from "@/components/lib/command-block";
import { CopyText } from "@/components/lib/copy-text";
import { formatAge } from "@/components/lib/duration";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Select } from "@/components/ui/select";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { StreamState } from "@/server/live/snapshot";
import { streamParams } from "../[stream]/search-params";
import { ActsPanel } from "./acts-panel";
import { Pager } from "./pager";
import { PendingActs } from "./pending-acts";
import { VerdictWord } from "./verdict-word";
import { pendingCommand } from "./redis-commands";

const limit = 50;
const nothingPicked = { of: "", ids: new Set<string>() };

/** What one group was given and has not acknowledged, with why it is stuck. */
export function PendingPanel({ stream }: { stream: StreamState }) {
  const trpc = useTRPC();
  const [params, setParams] = useQueryStates(streamParams, { history: "push" });
  const group =
    stream.groups.find((candidate) => candidate.group === params.group)?.group ??
    stream.groups.find((candidate) => candidate.pending > 0)?.group ??
    stream.groups[0]?.group ??
    "";
  const query = useQuery(
    trpc.streams.pending.queryOptions(
      { stream: stream.name, group, from: params.from, limit },
      { enabled: group !== "", placeholderData: keepPreviousData, refetchInterval: 10_000 },
    ),
  );
  const entries = query.data?.entries ?? [];
  const [picked, setPicked] = useState<{ readonly of: string; readonly ids: ReadonlySet<string> }>(nothingPicked);
  const page = `${stream.name} ${group} ${params.from ?? ""}`;
  const chosen = entries.filter(({ id }) => picked.of === page && picked.ids.has(id));
  const toggle = (id: string, on: boolean) => {
    const ids = new Set(chosen.map((entry) => entry.id));
    if (on) ids.add(id);
    else ids.delete(id);
    setPicked({ of: page, ids });
  };
  if (group === "")
    return <p className="text-muted-foreground">No group reads this stream, so nothing can be pending.</p>;
  return (
    <div className="flex flex-col gap-3">
      <Panel
        title="Pending"
        note="Delivered and not acknowledged. An empty list alone is no proof: what was never delivered is not pending."
        state={panelStateOf(query, {
          when: entries.length === 0,
          sentence: `${group} has acknowledged everything it was given.`,
        })}
        actions={
          <Select
            label="Group"
            className="w-52"
            value={group}
            onChange={(next) => void setParams({ group: next, from: null })}
            options={stream.groups.map((candidate) => ({
              value: candidate.group,
              label: `${candidate.group} (${candidate.pending})`,
            }))}
          />
        }
      >
        <Table label={`Pending entries of ${group}`}>
          <TableHead>
            <tr>
              <TableHeader>
                <input
                  type="checkbox"
                  className="accent-accent"
                  aria-label="Choose every entry of this page"
                  checked={entries.length > 0 && chosen.length === entries.length}
                  onChange={(event) =>
                    setPicked({ of: page, ids: new Set(event.target.checked ? entries.map(({ id }) => id) : []) })
                  }
                />
              </TableHeader>
              <TableHeader>Id</TableHeader>
              <TableHeader>Consumer</TableHeader>
              <TableHeader numeric>Idle</TableHeader>
              <TableHeader numeric>Deliveries</TableHeader>
              <TableHeader>Why it is stuck</TableHeader>
              <TableHeader>What Postgres says</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {entries.map((entry) => (
              <TableRow key={entry.id}>
                <TableCell>
                  <input
                    type="checkbox"
                    className="accent-accent"
                    aria-label={`Choose ${entry.id}`}
                    checked={chosen.includes(entry)}
                    onChange={(event) => toggle(entry.id, event.target.checked)}
                  />
                </TableCell>
                <TableCell>
                  <CopyText text={entry.id} what="entry id" whole className="whitespace-nowrap" />
                  <TimeStamp at={entry.at} className="block text-xs text-muted-foreground" />
                </TableCell>
                <TableCell className="font-mono text-xs">{entry.consumer}</TableCell>
                <TableCell numeric className="whitespace-nowrap">
                  {formatAge(entry.idleMs)}
                </TableCell>
                <TableCell numeric>
                  <NumberCell value={entry.deliveries} />
                </TableCell>
                <TableCell className="min-w-56">
                  {entry.diagnosis ?? <span className="text-muted-foreground">it may only be slow</span>}
                </TableCell>
                <TableCell className="min-w-56">
                  <VerdictWord verdict={entry.verdict} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        <Pager
          count={`${entries.length} on this page`}
          next={query.data?.next ?? null}
          atStart={params.from === null}
          nextLabel="Next"
          startLabel="Back to the oldest"
          onNext={(next) => void setParams({ from: next })}
          onStart={() => void setParams({ from: null })}
        />
        <PendingActs stream={stream.name} group={group} chosen={chosen} onDone={() => setPicked(nothingPicked)} />
      </Panel>
      <ActsPanel stream={stream.name} />
      <CommandBlock title="The same by hand" command={pendingCommand(stream.name, group, params.from, limit)} />
    </div>
  );
}
