import { setTimeout as pause } from "node:timers/promises";
import type { CheckContext } from "@/server/audit/checks/check-rows";
import { reading, rowsAtOnce } from "@/server/audit/checks/reading";
import type { Link } from "@/server/audit/verify/walk-state";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { type ChainPlace, readChainRows, readLinks, readUnplacedRows } from "@/server/caracal/audit-chain-read";

const recentMs = 10 * 60_000;
const inFlight = { pauseMs: 300, tries: 5 };

/** Rows that have no place in the chain, a page at a time. */
async function* unplaced(ctx: CheckContext, zoneId: string): AsyncGenerator<readonly StoredRow[]> {
  for (let after = ""; ; ) {
    const page: StoredRow[] = await reading(ctx, (tx) => readUnplacedRows(tx, zoneId, after, rowsAtOnce));
    if (page.length > 0) yield page;
    after = page.at(-1)?.id ?? "";
    if (page.length < rowsAtOnce) return;
  }
}

/** Whether a number is left out before a row that was ingested a moment ago: the one before it may still be on its way. */
function looksInFlight(page: readonly StoredRow[], before: number | null): boolean {
  let last = before;
  for (const { chain_seq: seq, ingested_at: at } of page) {
    if (seq === null) continue;
    const recent = at !== null && Date.now() - Date.parse(at) < recentMs;
    if (last !== null && seq > last + 1 && recent) return true;
    last = seq;
  }
  return false;
}

export type RowsWanted = {
  readonly zoneId: string;
  readonly unplaced: boolean; // those without a place first
  readonly from: number | null; // the first seq; null: from the beginning
  readonly before: number | null; // the seq that was read before it
  readonly until: number; // the last seq
};

/**
 * Rows of a zone in the order of its chain, a page at a time, each in a read of its own. A gap among the newest is read again a few times
 * before it is given as one: rows in flight are not missing.
 */
export async function* pagesOfZone(ctx: CheckContext, wanted: RowsWanted): AsyncGenerator<readonly StoredRow[]> {
  const { zoneId, until } = wanted;
  if (wanted.unplaced) yield* unplaced(ctx, zoneId);
  let after: ChainPlace | null = wanted.from === null ? null : { seq: wanted.from, id: "" };
  let before = wanted.before;
  for (;;) {
    const read = () => reading(ctx, (tx) => readChainRows(tx, zoneId, after, rowsAtOnce, until));
    let page = await read();
    for (let tries = 0; tries < inFlight.tries && looksInFlight(page, before); tries += 1) {
      await pause(inFlight.pauseMs);
      page = await read();
    }
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (page.length < rowsAtOnce || last === undefined) return;
    before = last.chain_seq;
    after = { seq: last.chain_seq ?? 0, id: last.id };
  }
}

/** What links the rows from one seq to another, both included. */
export async function linksOfZone(ctx: CheckContext, zoneId: string, from: number, until: number): Promise<Link[]> {
  const links: Link[] = [];
  for (let after: ChainPlace = { seq: from, id: "" }; ; ) {
    const page: Link[] = await reading(ctx, (tx) => readLinks(tx, zoneId, { after, until, limit: rowsAtOnce * 5 }));
    links.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < rowsAtOnce * 5) return links;
    after = last;
  }
}
