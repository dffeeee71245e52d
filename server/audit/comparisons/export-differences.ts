import { createHash } from "node:crypto";
import type { z } from "zod";
import type { ComparisonFinding, comparisonInput } from "@/server/audit/comparisons/schemas";
import { differenceColumns, getComparison } from "@/server/audit/comparisons/comparison-views";
import type { Actor } from "@/server/auth/roles";
import { csvLine } from "@/server/platform/csv";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

const header = [
  "zone_id",
  "chain_seq",
  "event_id",
  "finding",
  "columns",
  "archived",
  "stored",
  "export_hour",
  "row_proves_itself",
];

/**
 * The differences of a finished comparison as CSV, at most the 10,000 that are kept. It is put on the console's record with its digest
 * before its bytes are given. @throws not_found, precondition_failed while it is not finished
 */
export async function exportDifferences({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof comparisonInput>;
}): Promise<{ readonly name: string; readonly sha256: string; readonly bytes: Buffer }> {
  const comparison = await getComparison({ ctx: { db }, input });
  if (comparison.state !== "finished")
    throw new DomainError("precondition_failed", "The comparison is not finished: there is nothing to export yet.");
  const rows = await db.query<ComparisonFinding>(
    `SELECT ${differenceColumns} FROM audit_differences WHERE comparison_id = $1 ORDER BY n`,
    [comparison.id],
  );
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const lines = rows.map((row) =>
    csvLine([
      row.zoneId,
      row.chainSeq,
      row.eventId,
      row.finding,
      row.columns.join(" "),
      json(row.archived),
      json(row.stored),
      row.hour,
      row.rowProvesItself,
    ]),
  );
  const bytes = Buffer.from([csvLine(header), ...lines].join(""), "utf8");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await db.transaction((tx) =>
    appendAnyway(tx, [
      {
        chain: consoleChain,
        kind: "export.made",
        by: actor,
        summary: `The differences of a comparison with the archive were exported as CSV: ${rows.length} rows, ${bytes.length} bytes, SHA-256 ${sha256}`,
        details: { refs: { comparison: comparison.id }, parameters: { size: bytes.length, sha256 } },
      },
    ]),
  );
  return { name: `archive-comparison-${comparison.id.slice(0, 8)}.csv`, sha256, bytes };
}
