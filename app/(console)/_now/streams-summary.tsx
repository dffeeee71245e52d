"use client";

import Link from "next/link";
import { readingWords } from "@/components/charts/reading-words";
import { byTrouble, isDeadLetters } from "@/components/charts/stream-trouble";
import { DottedName } from "@/components/lib/dotted-name";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { Sparkline } from "@/components/lib/sparkline";
import { useSnapshot } from "@/components/live/live-hooks";
import { sourcePanelState } from "@/components/live/source-panel-state";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { PinFigure } from "@/components/watches/pin-figure";
import { seriesOfStream } from "@/components/watches/series-of";
import type { Series, StreamState } from "@/server/live/snapshot";
import { streamLengthKey } from "./series-keys";

const quiet = new Set(["all-read", "idle", "never-used"]);

function standing(stream: StreamState): string {
  if (isDeadLetters(stream.name)) return stream.length === 0 ? "empty" : "dead letters waiting";
  const loud = stream.groups.filter((group) => !quiet.has(group.verdict) || group.pending > 0);
  const missing = stream.missingGroups.map((group) => `${group} is missing`);
  const words = [...missing, ...loud.map((group) => `${group.group}: ${readingWords(group)}`)];
  if (words.length > 0) return words.join("; ");
  const used = stream.groups.filter((group) => group.verdict !== "never-used");
  if (used.length > 0) return `all read by ${used.map((group) => group.group).join(", ")}`;
  return stream.groups.length === 0
    ? "no group reads it"
    : `never used by ${stream.groups.map((group) => group.group).join(", ")}`;
}

/** Streams by trouble, one line each; the bars are on the streams' own page. */
export function StreamsSummary({ history }: { history: ReadonlyMap<string, Series> }) {
  const snapshot = useSnapshot();
  const streams = byTrouble(snapshot.streams);
  return (
    <Panel
      title="Streams"
      note="Most troubled first"
      actions={
        <Link href="/streams" className="text-xs text-accent underline-offset-2 hover:underline">
          How far everyone has read
        </Link>
      }
      state={sourcePanelState(snapshot, "caracal-redis", {
        when: streams.length === 0,
        sentence: "Redis holds no streams.",
      })}
    >
      <Table label="Streams by trouble">
        <TableHead>
          <tr>
            <TableHeader>Stream</TableHeader>
            <TableHeader numeric>Entries</TableHeader>
            <TableHeader className="hidden sm:table-cell">Length, 15 min</TableHeader>
            <TableHeader>Standing</TableHeader>
            <TableHeader>
              <span className="sr-only">Watch</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {streams.map((stream) => (
            <TableRow key={stream.name}>
              <TableCell className="sm:min-w-52">
                <Link
                  href={`/streams/${encodeURIComponent(stream.name)}`}
                  className="font-mono text-xs underline-offset-2 hover:underline"
                >
                  <DottedName name={stream.name} />
                </Link>
              </TableCell>
              <TableCell numeric>
                <NumberCell value={stream.length} />
              </TableCell>
              <TableCell className="hidden sm:table-cell">
                <Sparkline
                  series={history.get(streamLengthKey(stream.name))}
                  until={snapshot.at}
                  label={`Length of ${stream.name}`}
                />
              </TableCell>
              <TableCell className="min-w-40 text-xs">{standing(stream)}</TableCell>
              <TableCell className="py-0.5 pr-2 pl-0">
                <PinFigure what={stream.name} series={seriesOfStream(stream)} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Panel>
  );
}
