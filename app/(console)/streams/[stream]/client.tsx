"use client";

import Link from "next/link";
import { useQueryStates } from "nuqs";
import { ReadingBars, ReadingLegend } from "@/components/charts/reading-bars";
import { isDeadLetters } from "@/components/charts/stream-trouble";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { useSnapshot } from "@/components/live/live-hooks";
import { sourcePanelState } from "@/components/live/source-panel-state";
import { PinFigure } from "@/components/watches/pin-figure";
import { seriesOfStream } from "@/components/watches/series-of";
import { Tab, Tabs, TabsList, TabsPanel } from "@/components/ui/tabs";
import { EntriesPanel } from "../_parts/entries-panel";
import { GroupsPanel } from "../_parts/groups-panel";
import { LettersPanel } from "../_parts/letters-panel";
import { PendingPanel } from "../_parts/pending-panel";
import { regionHref } from "../_parts/region-href";
import { StreamFigures } from "../_parts/stream-figures";
import { streamParams, tabs } from "./search-params";

/** One stream: the bars of its groups, then its entries, what is pending, who reads, or the dead letters by cause. */
export function StreamClient({ name }: { name: string }) {
  const snapshot = useSnapshot();
  const [params, setParams] = useQueryStates(streamParams, { history: "push" });
  const stream = snapshot.streams.find((candidate) => candidate.name === name);
  const dead = isDeadLetters(name);
  const tab = params.tab ?? (dead ? "letters" : "entries");
  const pending = stream?.groups.reduce((sum, group) => sum + group.pending, 0) ?? 0;
  return (
    <div className="flex flex-col gap-4">
      <nav aria-label="Breadcrumb" className="text-xs">
        <Link href="/streams" className="text-accent underline-offset-2 hover:underline">
          Streams
        </Link>
      </nav>
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h1 className="min-w-0 font-mono break-all">
          <CopyText text={name} what="stream name" whole className="[&>span]:text-base" />
        </h1>
        {stream ? <StreamFigures stream={stream} /> : null}
        {stream ? <PinFigure what={name} series={seriesOfStream(stream)} /> : null}
      </div>
      <Panel
        title="How far has everyone read"
        actions={<ReadingLegend />}
        state={sourcePanelState(snapshot, "caracal-redis", {
          when: stream === undefined,
          sentence: `Redis holds no stream called ${name}. It may not have been written to yet, or it was deleted.`,
        })}
      >
        {stream ? (
          <div className="px-3 py-3">
            <ReadingBars stream={stream} hrefOf={(group, region) => regionHref(name, group.group, region)} />
          </div>
        ) : null}
      </Panel>
      <Tabs
        value={tab}
        onValueChange={(next) => {
          const wanted = tabs.find((candidate) => candidate === next);
          if (wanted) void setParams({ tab: wanted, from: null });
        }}
      >
        <TabsList>
          {dead ? <Tab value="letters">By cause</Tab> : null}
          <Tab value="entries">Entries</Tab>
          <Tab value="pending">Pending {pending > 0 ? pending : ""}</Tab>
          <Tab value="groups">Groups and consumers</Tab>
        </TabsList>
        {dead ? (
          <TabsPanel value="letters" className="pt-3">
            <LettersPanel name={name} />
          </TabsPanel>
        ) : null}
        <TabsPanel value="entries" className="pt-3">
          <EntriesPanel name={name} stream={stream} />
        </TabsPanel>
        <TabsPanel value="pending" className="pt-3">
          {stream ? <PendingPanel stream={stream} /> : null}
        </TabsPanel>
        <TabsPanel value="groups" className="pt-3">
          {stream ? <GroupsPanel stream={stream} /> : null}
        </TabsPanel>
      </Tabs>
    </div>
  );
}
