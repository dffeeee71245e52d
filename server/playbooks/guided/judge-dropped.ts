import type { SpoolLook } from "@/server/keys/spools";

/** What a replica had dropped when a run began, at the last look, and how many more it has dropped since, over its restarts. */
export type Dropped = { readonly first: number | null; readonly last: number | null; readonly since: number };
export type DroppedLog = Readonly<Record<string, Dropped>>;

/**
 * The log after one more look. A counter that fell began anew with a restart (trap 15): what it says then was dropped since that. What was
 * dropped between the last look before a restart and the restart itself is not seen by anybody. Pure.
 */
export function rememberDropped(
  before: DroppedLog,
  seen: readonly Pick<SpoolLook, "replica" | "dropped">[],
): DroppedLog {
  const next: Record<string, Dropped> = { ...before };
  for (const { replica, dropped } of seen) {
    const known = before[replica];
    if (known === undefined) next[replica] = { first: dropped, last: dropped, since: 0 };
    else if (dropped !== null)
      next[replica] = {
        first: known.first,
        last: dropped,
        since: known.since + (known.last === null || dropped < known.last ? dropped : dropped - known.last),
      };
  }
  return next;
}

/** Events that are known to be gone: dropped before the run began, since the replica's start, and while it was open. Pure. */
export const droppedInAll = (log: DroppedLog): number =>
  Object.values(log).reduce((sum, { first, since }) => sum + (first ?? 0) + since, 0);
