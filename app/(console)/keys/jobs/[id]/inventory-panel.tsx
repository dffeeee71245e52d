"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { LoadMore } from "@/components/data-table/load-more";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { InventoryZone } from "@/server/keys/schemas";

const underWords = (zone: InventoryZone): string => {
  const sum = (of: "current" | "next" | "neither") =>
    Object.values(zone.seals).reduce((total, counts) => total + counts[of], 0);
  return `${sum("current")} / ${sum("next")} / ${sum("neither")}`;
};

const servedWords = (zone: InventoryZone): string => {
  if (zone.jwks.length === 0) return "not asked";
  if (zone.versions.length === 0) return "no key to serve";
  const agree = zone.jwks.filter(({ agrees }) => agrees === true).length;
  return `${agree} of ${zone.jwks.length} serve the newest two`;
};

/** What an inventory saw, zone by zone, those with trouble first. */
export function InventoryPanel({ jobId }: { jobId: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.keys.inventoryZones.infiniteQueryOptions(
      { jobId, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Zone by zone"
      note="trouble first"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "This deployment has no zone." })}
    >
      <Table label="Zones as the inventory saw them">
        <TableHead>
          <tr>
            <TableHeader>Zone</TableHeader>
            <TableHeader>Trouble</TableHeader>
            <TableHeader>Newest key</TableHeader>
            <TableHeader>Made</TableHeader>
            <TableHeader>Opens under</TableHeader>
            <TableHeader>Replicas</TableHeader>
            <TableHeader className="text-right">In use / next / none</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((row) => {
            const [newest] = row.versions;
            return (
              <TableRow key={row.zone.id}>
                <TableCell>
                  {row.zone.name}
                  {row.zone.archived ? " (archived)" : ""}
                </TableCell>
                <TableCell className={row.trouble === null ? "text-muted-foreground" : "min-w-60 font-medium"}>
                  {row.trouble ?? "none"}
                </TableCell>
                <TableCell>{newest === undefined ? "none" : <CopyText text={newest.kid} what="kid" />}</TableCell>
                <TableCell>{newest === undefined ? "" : <TimeStamp at={newest.createdAt} />}</TableCell>
                <TableCell className="font-mono">{newest?.kek ?? ""}</TableCell>
                <TableCell>{servedWords(row)}</TableCell>
                <TableCell className="text-right tabular-nums">{underWords(row)}</TableCell>
              </TableRow>
            );
          })}
        </TableBody>
      </Table>
      <LoadMore shown={rows.length} one="zone" many="zones" query={query} />
    </Panel>
  );
}
