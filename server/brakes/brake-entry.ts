import type { Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain, type NewEntry } from "@/server/timeline/append-entries";

/** An entry on the brake's incident; on the console's own record when there is none, or when its timeline is closed: a brake must not fail on that. */
export const brakeEntry = (tx: Queryable, incidentId: string | null, entry: Omit<NewEntry, "chain">): Promise<void> =>
  appendAnyway(tx, [{ ...entry, chain: incidentId ?? consoleChain }]);
