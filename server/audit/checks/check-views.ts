import type { z } from "zod";
import type {
  CheckFinding,
  checkFindingsInput,
  checkInput,
  CheckTotals,
  CheckView,
  CheckWitnesses,
  listChecksInput,
} from "@/server/audit/checks/schemas";
import { type OrderedRow, orderedView } from "@/server/audit/ordered-job";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Queryable } from "@/server/platform/postgres";

type Context = { readonly db: Queryable };
type Row = OrderedRow & {
  readonly scope: CheckView["scope"];
  readonly window_from: string | null;
  readonly window_to: string | null;
  readonly scheduled: boolean;
  readonly times_taken: number;
  readonly state: CheckView["state"];
  readonly totals: CheckTotals | null;
  readonly witnesses: CheckWitnesses | null;
  readonly verifier: string;
};

const viewOf = (row: Row): CheckView => ({
  ...orderedView(row),
  scope: row.scope,
  window: row.window_from === null ? null : { from: row.window_from, to: row.window_to },
  scheduled: row.scheduled,
  timesTaken: row.times_taken,
  state: row.state,
  totals: row.totals,
  witnesses: row.witnesses,
  verifier: row.verifier,
});

/** One check. @throws not_found */
export async function getCheck({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof checkInput>;
}): Promise<CheckView> {
  const [row] = await ctx.db.query<Row>("SELECT * FROM audit_checks WHERE id = $1", [input.checkId]);
  if (row === undefined) throw new DomainError("not_found", "There is no such check.");
  return viewOf(row);
}

/** Checks, newest first, without those of new rows that the console orders once a minute and that found nothing. @throws stale_cursor */
export async function listChecks({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listChecksInput>;
}): Promise<Page<CheckView>> {
  const [at, id] = decodeCursor("audit-checks", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<Row & { exact_at: string }>(
    `SELECT *, ${exactInstantSql("requested_at")} AS exact_at FROM audit_checks
      WHERE ($1::timestamptz IS NULL OR (requested_at, id) < ($1::timestamptz, $2::uuid))
        AND NOT (scheduled AND scope = 'new' AND state = 'finished' AND (totals->>'tampered')::bigint + (totals->>'removed')::bigint = 0)
      ORDER BY requested_at DESC, id DESC LIMIT $3`,
    [at, id, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("audit-checks", {}, [last.exact_at, last.id]),
  );
  return {
    rows: page.map(viewOf),
    nextCursor,
  };
}

const findingKeys = (keys: readonly string[]) => {
  const [zone = "", seq = "", n = ""] = keys;
  return keys.length === 3 && /^-?\d{1,16}$/.test(seq) && /^\d{1,9}$/.test(n) ? ([zone, seq, n] as const) : null;
};

/** What a check found, in the order of zones and chains. @throws stale_cursor */
export async function listFindings({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof checkFindingsInput>;
}): Promise<Page<CheckFinding>> {
  const filter = { check: input.checkId };
  const [zone, seq, after] = decodeCursor("audit-findings", filter, input.cursor, findingKeys) ?? [null, null, null];
  const rows = await ctx.db.query<CheckFinding>(
    `SELECT n, zone_id AS "zoneId", chain_seq::float8 AS "chainSeq", event_id AS "eventId", finding, columns, witnesses, stream_entry AS "streamEntry"
       FROM audit_findings WHERE check_id = $1 AND ($2::text IS NULL OR (zone_id, coalesce(chain_seq, -1), n) > ($2, $3::bigint, $4::int))
      ORDER BY zone_id, coalesce(chain_seq, -1), n LIMIT $5`,
    [input.checkId, zone, seq, after, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("audit-findings", filter, [last.zoneId, String(last.chainSeq ?? -1), String(last.n)]),
  );
  return {
    rows: page,
    nextCursor,
  };
}
