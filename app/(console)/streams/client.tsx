"use client";

import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { ReadingBars, ReadingLegend } from "@/components/charts/reading-bars";
import { byTrouble, isDeadLetters } from "@/components/charts/stream-trouble";
import { DottedName } from "@/components/lib/dotted-name";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { sourcePanelState } from "@/components/live/source-panel-state";
import { useSnapshot } from "@/components/live/live-hooks";
import { Badge } from "@/components/ui/badge";
import { Input } from "@/components/ui/input";
import type { StreamState } from "@/server/live/snapshot";
import { regionHref, streamHref } from "./_parts/region-href";
import { StreamFigures } from "./_parts/stream-figures";

function StreamRow({ stream }: { stream: StreamState }) {
  return (
    <li className="flex flex-col gap-2 border-b px-3 py-3 last:border-0">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <Link
          href={streamHref(stream.name)}
          className="min-w-0 font-mono text-sm font-medium underline-offset-2 hover:underline"
        >
          <DottedName name={stream.name} />
        </Link>
        {isDeadLetters(stream.name) && stream.length > 0 ? (
          <Badge tone="strong">
            <NumberCell value={stream.length} /> dead letters
          </Badge>
        ) : null}
        <span className="sm:ml-auto">
          <StreamFigures stream={stream} />
        </span>
      </div>
      <ReadingBars stream={stream} hrefOf={(group, region) => regionHref(stream.name, group.group, region)} />
      {stream.missingGroups.length > 0 ? (
        <p className="text-xs">
          <strong className="font-semibold">Missing here:</strong> {stream.missingGroups.join(", ")}. Nothing reads the
          stream for it.
        </p>
      ) : null}
    </li>
  );
}

/** Every stream, the most troubled first: how far each group has read. */
export function StreamsClient() {
  const snapshot = useSnapshot();
  const [search, setSearch] = useQueryState("q", parseAsString.withDefault(""));
  const wanted = search.trim().toLowerCase();
  const matches = (stream: StreamState) =>
    wanted === "" ||
    stream.name.toLowerCase().includes(wanted) ||
    stream.groups.some((group) => group.group.toLowerCase().includes(wanted));
  const streams = byTrouble(snapshot.streams).filter(matches);
  const state = sourcePanelState(snapshot, "caracal-redis", {
    when: streams.length === 0,
    sentence: wanted === "" ? "Redis holds no streams." : `No stream or group is called “${search}”.`,
  });
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="mr-auto">Streams: how far has everyone read</h1>
        <Link href="/streams/outbox" className="text-accent underline underline-offset-2">
          Outboxes
        </Link>
        <Input
          data-filter
          type="search"
          aria-label="Filter streams and groups"
          placeholder="Filter by stream or group"
          value={search}
          onChange={(event) => void setSearch(event.target.value || null)}
          className="w-full sm:w-64"
        />
      </div>
      <Panel
        title={`${streams.length} ${streams.length === 1 ? "stream" : "streams"}`}
        note="Most troubled first"
        state={state}
        actions={<ReadingLegend />}
      >
        <ul>
          {streams.map((stream) => (
            <StreamRow key={stream.name} stream={stream} />
          ))}
        </ul>
      </Panel>
    </div>
  );
}
