"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { IdleHeatView } from "@/components/charts/idle-heat-view";
import { readingWords } from "@/components/charts/reading-words";
import { CommandBlock } from "@/components/lib/command-block";
import { Panel, type PanelState } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { GroupState, StreamState } from "@/server/live/snapshot";
import { ConsumerTable } from "./consumer-table";
import { groupsCommand } from "./redis-commands";

const rate = (value: number | null) =>
  value === null ? "" : ` · reads ${(Math.round(value * 100) / 100).toLocaleString("en")}/s`;

function emptyWords(group: GroupState): string {
  return group.verdict === "never-used"
    ? "Provisioned, but nothing has ever read with this group. Its whole stream counts as lag to Redis; it is not a backlog."
    : "No consumer has shown itself. Before Redis 7.2 one appears only with its first delivery.";
}

/** One group: where it stands, how long its consumers have been silent, and each of them. Asked for while it is on the screen. */
function GroupPanel({ stream, group }: { stream: string; group: GroupState }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.streams.consumers.queryOptions(
      { stream, group: group.group },
      { placeholderData: keepPreviousData, refetchInterval: 5_000 },
    ),
  );
  const view = query.data;
  const state: PanelState = panelStateOf(query, { when: view?.total === 0, sentence: emptyWords(group) });
  return (
    <Panel
      title={<span className="font-mono text-xs">{group.group}</span>}
      note={
        <>
          {readingWords(group)}
          {rate(group.readPerSecond)} · last delivered <span className="font-mono">{group.lastDeliveredId}</span>
        </>
      }
      state={state}
    >
      {view === undefined ? null : (
        <>
          <IdleHeatView consumers={view.consumers} total={view.total} />
          <ConsumerTable stream={stream} group={group.group} view={view} />
        </>
      )}
    </Panel>
  );
}

/** Each group with where it stands and its consumers. */
export function GroupsPanel({ stream }: { stream: StreamState }) {
  if (stream.groups.length === 0) return <p className="text-muted-foreground">No group reads this stream.</p>;
  return (
    <div className="flex flex-col gap-3">
      {stream.groups.map((group) => (
        <GroupPanel key={group.group} stream={stream.name} group={group} />
      ))}
      <CommandBlock
        title="The same by hand"
        command={groupsCommand(
          stream.name,
          stream.groups.map((group) => group.group),
        )}
      />
    </div>
  );
}
