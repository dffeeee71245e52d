import type { z } from "zod";
import type {
  ArchiveFileView,
  comparisonFindingsInput,
  ComparisonFinding,
  comparisonInput,
  ComparisonView,
  listComparisonsInput,
} from "@/server/audit/comparisons/schemas";
import { type OrderedRow, orderedView } from "@/server/audit/ordered-job";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, oneKey, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

type Context = { readonly db: Queryable };
type Row = OrderedRow & {
  readonly asked_from: Date | null;
  readonly asked_to: Date | null;
  readonly compared_from: Date | null;
  readonly compared_to: Date | null;
  readonly state: ComparisonView["state"];
  readonly phase_ms: number | null;
  readonly totals: ComparisonView["totals"];
  readonly heard: ComparisonView["heard"];
  readonly comparer: string;
};
const columns = "*, (extract(epoch FROM heartbeat_at - phase_since) * 1000)::float8 AS phase_ms";

const viewOf = (row: Row): ComparisonView => ({
  ...orderedView(row),
  asked: { from: row.asked_from?.toISOString() ?? null, to: row.asked_to?.toISOString() ?? null },
  compared:
    row.compared_from === null || row.compared_to === null
      ? null
      : { from: row.compared_from.toISOString(), to: row.compared_to.toISOString() },
  state: row.state,
  perSecond:
    row.state !== "running" || row.phase_ms === null || row.phase_ms < 1_000
      ? null
      : Math.round((Number(row.done) / row.phase_ms) * 1_000),
  totals: row.totals,
  heard: row.heard,
  comparer: row.comparer,
});

/** One comparison. @throws not_found */
export async function getComparison({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof comparisonInput>;
}): Promise<ComparisonView> {
  const [row] = await ctx.db.query<Row>(`SELECT ${columns} FROM audit_comparisons WHERE id = $1`, [input.comparisonId]);
  if (row === undefined) throw new DomainError("not_found", "There is no such comparison.");
  return viewOf(row);
}

/** Comparisons, newest first. @throws stale_cursor */
export async function listComparisons({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listComparisonsInput>;
}): Promise<Page<ComparisonView>> {
  const [at, id] = decodeCursor("audit-comparisons", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<Row & { exact_at: string }>(
    `SELECT ${columns}, ${exactInstantSql("requested_at")} AS exact_at FROM audit_comparisons
      WHERE ($1::timestamptz IS NULL OR (requested_at, id) < ($1::timestamptz, $2::uuid)) ORDER BY requested_at DESC, id DESC LIMIT $3`,
    [at, id, input.limit + 1],
  );
  const page = pageOf(rows, input.limit, (last) => encodeCursor("audit-comparisons", {}, [last.exact_at, last.id]));
  return { ...page, rows: page.rows.map(viewOf) };
}

/** The next rows that are numbered within a comparison. @throws stale_cursor */
async function numbered<R extends { readonly n: number }>(
  { ctx, input }: { ctx: Context; input: z.output<typeof comparisonFindingsInput> },
  list: string,
  selected: string,
): Promise<Page<R>> {
  const filter = { comparison: input.comparisonId };
  const [after] = decodeCursor(list, filter, input.cursor, (keys) =>
    /^\d{1,9}$/.test(keys[0] ?? "") ? oneKey(keys) : null,
  ) ?? ["-1"];
  const rows = await ctx.db.query<R>(`SELECT ${selected} WHERE comparison_id = $1 AND n > $2 ORDER BY n LIMIT $3`, [
    input.comparisonId,
    Number(after),
    input.limit + 1,
  ]);
  return pageOf(rows, input.limit, (last) => encodeCursor(list, filter, [String(last.n)]));
}

type Listing = { ctx: Context; input: z.output<typeof comparisonFindingsInput> };

/** The columns of audit_differences as a finding is shown. */
export const differenceColumns = `n, zone_id AS "zoneId", chain_seq::float8 AS "chainSeq", event_id AS "eventId", finding, columns, archived, stored, hour,
  row_proves_itself AS "rowProvesItself"`;

/** What differs, in the order of zones and chains. @throws stale_cursor */
export const listDifferences = (given: Listing): Promise<Page<ComparisonFinding>> =>
  numbered(given, "audit-differences", `${differenceColumns} FROM audit_differences`);

/** Files that could not be used and hours without any, by their keys. @throws stale_cursor */
export const listArchiveFiles = (given: Listing): Promise<Page<ArchiveFileView>> =>
  numbered(
    given,
    "audit-archive-files",
    "n, key, hour, trouble, reason, rows::float8 AS rows FROM audit_archive_files",
  );
