import {
  type AuditDirection,
  type AuditFilter,
  type AuditKey,
  type AuditScope,
  type AuditWindow,
  type ListedAuditEvent,
  readAuditSlice,
} from "@/server/caracal/audit-read";
import { looksThrough } from "@/server/audit/audit-question";
import { showsText } from "@/server/audit/event-view";
import type { Queryable } from "@/server/platform/postgres";

export type AuditScan = {
  readonly scope: AuditScope;
  readonly window: AuditWindow;
  readonly filter: AuditFilter;
  readonly direction: AuditDirection;
};
export type Scanned = {
  readonly rows: readonly ListedAuditEvent[]; // in the direction read
  readonly examined: number;
  readonly cut: AuditKey | null; // the budget was used up: go on from here
};

const slices = [1_000, 5_000]; // a short look first: most pages fill at once

/** How much one look may cost: it ends with the slice in which either is used up. */
export type LookBudget = { readonly ms: number; readonly events: number };

/** Looks at slices until `wanted` events match, the window ends, or the budget is used up. */
export async function scanEvents(
  tx: Queryable,
  { scope, window, filter, direction }: AuditScan,
  start: AuditKey | null,
  wanted: number,
  budget: LookBudget,
): Promise<Scanned> {
  const until = performance.now() + budget.ms;
  const through = looksThrough(scope, filter);
  const rows: ListedAuditEvent[] = [];
  let examined = 0;
  let from = start;
  for (let round = 0; ; round += 1) {
    const slice = through ? Math.max(wanted, slices[Math.min(round, slices.length - 1)] ?? wanted) : wanted;
    const most = filter.text === undefined ? wanted : slice; // some of those found by text are not shown
    const found = await readAuditSlice(tx, scope, window, filter, { direction, from, slice, most });
    const { text } = filter;
    rows.push(...(text === undefined ? found.rows : found.rows.filter((row) => showsText(row, text))));
    examined += found.examined;
    if (rows.length >= wanted) return { rows: rows.slice(0, wanted), examined, cut: null };
    if (found.examined < slice || found.last === null) return { rows, examined, cut: null };
    from = { ...found.last, inclusive: false };
    if (performance.now() > until || examined >= budget.events) return { rows, examined, cut: from };
  }
}
