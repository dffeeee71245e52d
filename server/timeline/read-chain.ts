import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import type { EntryRow } from "@/server/timeline/entry-hash";
import type { HeadRow } from "@/server/timeline/verify-chain";

const pageRows = 2_000;
const beforeAll = "-9223372036854775808";

/** Every column of timeline_entries as text, the way it is hashed. */
const entryColumns = `chain::text, seq::text, ${exactInstantSql("at")} AS at, kind, actor_id, actor_name, actor_roles, address, request_id,
  summary, details::text AS details, prev_hash, hash`;

/** The entries of a chain from the lowest number on, in pages of 2,000; with `after` only those behind it. */
export async function* readChain(db: Queryable, chain: string, after = beforeAll): AsyncGenerator<readonly EntryRow[]> {
  let last = after;
  for (;;) {
    const page: readonly EntryRow[] = await db.query<EntryRow>(
      `SELECT ${entryColumns} FROM timeline_entries WHERE chain = $1 AND seq > $2 ORDER BY timeline_entries.seq LIMIT ${pageRows}`,
      [chain, last],
    );
    if (page.length > 0) yield page;
    if (page.length < pageRows) return;
    last = page.at(-1)?.seq ?? last;
  }
}

/** The head row, the highest number and the count of the chain's entries in one look. */
export async function readHead(db: Queryable, chain: string): Promise<(HeadRow & { last: string | null }) | null> {
  const [row] = await db.query<HeadRow & { last: string | null }>(
    `SELECT h.seq::text, h.hash, ${exactInstantSql("h.at")} AS at, h.closed, e.rows, e.last
       FROM timeline_heads h, (SELECT count(*)::int AS rows, max(seq)::text AS last FROM timeline_entries WHERE chain = $1) e
      WHERE h.chain = $1`,
    [chain],
  );
  return row ?? null;
}
