import type { Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain, isClosedTimeline, type NewEntry } from "@/server/timeline/append-entries";

/** The same entry on the console's own chain, naming the incident that it is about. */
const onConsole = (entry: NewEntry): NewEntry =>
  entry.chain === consoleChain
    ? entry
    : {
        ...entry,
        chain: consoleChain,
        details: { ...entry.details, refs: { ...entry.details?.refs, incident: entry.chain } },
      };

/**
 * As `appendEntries`, for what must not fail because an incident was closed meanwhile (runs, brakes, messages, exports): when one of
 * the timelines is closed, all of the entries go to the console's own chain, each naming its incident. Needs a transaction.
 */
export async function appendAnyway(tx: Queryable, entries: readonly NewEntry[]): Promise<void> {
  await tx.query("SAVEPOINT append_anyway");
  try {
    await appendEntries(tx, entries);
  } catch (error) {
    if (!isClosedTimeline(error)) throw error;
    await tx.query("ROLLBACK TO SAVEPOINT append_anyway");
    await appendEntries(tx, entries.map(onConsole));
  }
  await tx.query("RELEASE SAVEPOINT append_anyway");
}
