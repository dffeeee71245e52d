"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { fileWords } from "@/components/audit/archive-words";
import { type DataColumn, DataTable } from "@/components/data-table/data-table";
import { LoadMore } from "@/components/data-table/load-more";
import { Panel } from "@/components/lib/panel";
import { panelStateOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";
import type { ArchiveFileView } from "@/server/audit/comparisons/schemas";

const columns: readonly DataColumn<ArchiveFileView>[] = [
  { id: "key", header: "File", cell: (row) => <span className="break-all font-mono text-xs">{row.key}</span> },
  { id: "trouble", header: "What", cell: (row) => <span className="font-medium">{fileWords[row.trouble]}</span> },
  { id: "reason", header: "Why", cell: (row) => row.reason },
  { id: "rows", header: "Rows not compared", numeric: true, cell: (row) => row.rows.toLocaleString("en-US") },
];

/** Files that could not be used, and hours without any. */
export function ArchiveFiles({ comparisonId }: { comparisonId: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.audit.archiveFiles.infiniteQueryOptions({ comparisonId }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel
      title="Files and hours that could not be used"
      state={panelStateOf(query, { when: rows.length === 0, sentence: "None." })}
    >
      <DataTable
        label="Files and hours that could not be used"
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.n)}
        footer={<LoadMore shown={rows.length} one="file or hour" many="files or hours" query={query} />}
      />
    </Panel>
  );
}
