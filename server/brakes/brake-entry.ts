import type { Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain, isClosedTimeline, type NewEntry } from "@/server/timeline/append-entries";

/** An entry on the brake's incident; on the console's own record when there is none, or when its timeline is closed: a brake must not fail on that. */
export async function brakeEntry(
  tx: Queryable,
  incidentId: string | null,
  entry: Omit<NewEntry, "chain">,
): Promise<void> {
  if (incidentId === null) return appendEntries(tx, [{ ...entry, chain: consoleChain }]);
  await tx.query("SAVEPOINT brake_entry");
  try {
    await appendEntries(tx, [{ ...entry, chain: incidentId }]);
  } catch (error) {
    if (!isClosedTimeline(error)) throw error;
    await tx.query("ROLLBACK TO SAVEPOINT brake_entry");
    await appendEntries(tx, [{ ...entry, chain: consoleChain }]);
  }
}
