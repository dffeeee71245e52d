"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { LoadMore } from "@/components/data-table/load-more";
import { CopyText } from "@/components/lib/copy-text";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { counted } from "@/components/wizard/run-model";

/** Values that no configured key opens: listed, never hidden, and never written to. */
export function FindingsPanel({ jobId, count }: { jobId: string; count: number }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.keys.findings.infiniteQueryOptions({ jobId, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title={`${counted(count, "value")} that no key here opens`}
      note="left exactly as they are"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "None." })}
    >
      <Table label="Values that no key here opens">
        <TableHead>
          <tr>
            <TableHeader>Kind</TableHeader>
            <TableHeader>Row</TableHeader>
            <TableHeader>Zone</TableHeader>
            <TableHeader>Seal</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={`${row.kind} ${row.rowId}`}>
              <TableCell>{row.kind}</TableCell>
              <TableCell>
                <CopyText text={row.rowId} what="row id" />
              </TableCell>
              <TableCell>
                <CopyText text={row.zoneId} what="zone id" />
              </TableCell>
              <TableCell className="font-mono">{row.sealFingerprint}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <LoadMore shown={rows.length} one="value" many="values" query={query} />
    </Panel>
  );
}
