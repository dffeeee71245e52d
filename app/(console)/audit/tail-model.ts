import type { AuditRow } from "@/server/audit/schemas";

export type Tail = {
  readonly rows: readonly AuditRow[]; // as shown
  readonly waiting: readonly AuditRow[] | null; // newer ones, held back while somebody reads
  readonly gap: boolean; // more came between two looks than a look can hold
};

export const noTail: Tail = { rows: [], waiting: null, gap: false };

const keyOf = (row: AuditRow) => `${row.occurredAt} ${row.id}`;

/** How many of the waiting rows are not shown yet. */
export function waitingCount({ rows, waiting }: Tail): number {
  const shown = new Set(rows.map(keyOf));
  return waiting?.filter((row) => !shown.has(keyOf(row))).length ?? 0;
}

/** The next picture: what was found now, or held back. A full look that has nothing of what was seen before left some out. */
export function tailStep(tail: Tail, found: readonly AuditRow[], held: boolean, full: boolean): Tail {
  const seen = tail.waiting ?? tail.rows;
  const known = new Set(seen.map(keyOf));
  const lost = full && seen.length > 0 && !found.some((row) => known.has(keyOf(row)));
  const gap = lost || (held && tail.gap);
  return held ? { rows: tail.rows, waiting: found, gap } : { rows: found, waiting: null, gap };
}

/** Nobody reads any more: what waited is shown. */
export const tailRelease = (tail: Tail): Tail =>
  tail.waiting === null ? tail : { rows: tail.waiting, waiting: null, gap: tail.gap };
