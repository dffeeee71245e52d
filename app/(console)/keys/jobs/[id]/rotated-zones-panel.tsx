"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Check, Clock } from "lucide-react";
import { LoadMore } from "@/components/data-table/load-more";
import { isOver } from "@/components/keys/key-job-words";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { KeyJobView, RotatedZone } from "@/server/keys/schemas";

const stateWords = { planned: "planned", written: "being told", proved: "proved", left: "left as it was" } as const;

function Cell({ row }: { row: RotatedZone }) {
  const told = row.consumers.filter(({ deliveredAt }) => deliveredAt !== null);
  if (row.state === "planned" || row.state === "left") return <>–</>;
  return (
    <ul>
      {told.map(({ name, deliveredAt }) => (
        <li key={name} className="whitespace-nowrap">
          <span className="font-mono text-xs">{name}</span>{" "}
          {deliveredAt === null ? null : <TimeStamp at={deliveredAt} />}
        </li>
      ))}
      {told.length === 0 ? <li>nobody yet</li> : null}
    </ul>
  );
}

/** The proof of a rotation, zone by zone: which STS consumer was handed the invalidation, and what each replica serves. */
export function RotatedZonesPanel({ job }: { job: KeyJobView }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.keys.jobZones.infiniteQueryOptions(
      { jobId: job.id, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor, refetchInterval: isOver(job) ? false : 1_500 },
    ),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Proof by zone"
      note="all STS share one group: it is published again until each was told"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "No zone." })}
    >
      <Table label="Proof by zone">
        <TableHead>
          <tr>
            <TableHeader>Zone</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader>New keys</TableHeader>
            <TableHeader>STS consumers told</TableHeader>
            <TableHeader>JWKS by replica</TableHeader>
            <TableHeader>What is missing</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row.zone.id}>
              <TableCell>{row.zone.name}</TableCell>
              <TableCell>
                <span className="inline-flex items-center gap-1 whitespace-nowrap">
                  {row.state === "proved" ? (
                    <Check aria-hidden="true" className="size-4" />
                  ) : (
                    <Clock aria-hidden="true" className="size-4" />
                  )}
                  {stateWords[row.state]}
                </span>
              </TableCell>
              <TableCell>
                <ul>
                  {row.versions.map((version, at) => (
                    <li key={version} className="whitespace-nowrap">
                      version {version} <CopyText text={row.kids[at] ?? ""} what="kid" />
                    </li>
                  ))}
                </ul>
              </TableCell>
              <TableCell>
                <Cell row={row} />
              </TableCell>
              <TableCell>
                <ul>
                  {row.jwks.map((one) => (
                    <li key={one.replica} className="whitespace-nowrap">
                      {one.replica}:{" "}
                      {one.agrees === true ? "serves the newest two" : one.agrees === false ? "differs" : "cannot tell"}
                    </li>
                  ))}
                </ul>
              </TableCell>
              <TableCell className="min-w-60">{row.note ?? (row.state === "proved" ? "nothing" : "")}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <LoadMore shown={rows.length} one="zone" many="zones" query={query} />
    </Panel>
  );
}
