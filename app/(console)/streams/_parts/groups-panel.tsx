"use client";

import { readingWords } from "@/components/charts/reading-words";
import { CommandBlock } from "@/components/lib/command-block";
import { formatAge } from "@/components/lib/duration";
import { NumberCell } from "@/components/lib/number-cell";
import { Panel } from "@/components/lib/panel";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { StreamState } from "@/server/live/snapshot";
import { groupsCommand } from "./redis-commands";

/** Each group with where it stands and its consumers, live from the snapshot. */
export function GroupsPanel({ stream }: { stream: StreamState }) {
  if (stream.groups.length === 0) return <p className="text-muted-foreground">No group reads this stream.</p>;
  return (
    <div className="flex flex-col gap-3">
      {stream.groups.map((group) => (
        <Panel
          key={group.group}
          title={<span className="font-mono text-xs">{group.group}</span>}
          note={
            <>
              {readingWords(group)} · last delivered <span className="font-mono">{group.lastDeliveredId}</span>
            </>
          }
          state={
            group.consumers.length === 0
              ? {
                  kind: "empty",
                  sentence:
                    group.verdict === "never-used"
                      ? "Provisioned, but nothing has ever read with this group. Its whole stream counts as lag to Redis; it is not a backlog."
                      : "No consumer has shown itself. Before Redis 7.2 one appears only with its first delivery.",
                }
              : { kind: "live" }
          }
        >
          <Table label={`Consumers of ${group.group}`}>
            <TableHead>
              <tr>
                <TableHeader>Consumer</TableHeader>
                <TableHeader numeric>Pending</TableHeader>
                <TableHeader numeric>Last asked</TableHeader>
                <TableHeader numeric>Last given something</TableHeader>
              </tr>
            </TableHead>
            <TableBody>
              {group.consumers.map((consumer) => (
                <TableRow key={consumer.name}>
                  <TableCell className="font-mono text-xs">{consumer.name}</TableCell>
                  <TableCell numeric>
                    <NumberCell value={consumer.pending} />
                  </TableCell>
                  <TableCell numeric className="whitespace-nowrap">
                    {formatAge(consumer.idleMs)} ago
                  </TableCell>
                  <TableCell numeric className="whitespace-nowrap">
                    {consumer.inactiveMs === null ? (
                      <span title="Redis tells this from 7.2 on">–</span>
                    ) : (
                      `${formatAge(consumer.inactiveMs)} ago`
                    )}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Panel>
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
