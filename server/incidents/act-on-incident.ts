import type { Actor } from "@/server/auth/roles";
import { type IncidentRow, loadIncident, mergedWords } from "@/server/incidents/incident-rows";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";

export type IncidentContext = { readonly db: Database; readonly actor: Actor };
export type OwnEntry = Omit<NewEntry, "chain" | "by"> & { readonly by?: Actor | null };
type Outcome<T> = { readonly result: T; readonly entries: readonly OwnEntry[] };

/**
 * One act on one incident: its row is locked, so that acts on it happen one after the other; `work` writes and says what goes on
 * the record; revision, time and entries follow in the same transaction.
 * @throws not_found, conflict when it was merged into another, precondition_failed when it is closed (unless `evenClosed`).
 */
export async function actOnIncident<T>(
  { db, actor }: IncidentContext,
  incidentId: string,
  work: (tx: Queryable, incident: IncidentRow) => Promise<Outcome<T>>,
  { evenClosed = false }: { readonly evenClosed?: boolean } = {},
): Promise<T> {
  return db.transaction(async (tx) => {
    const incident = await loadIncident(tx, actor, incidentId, true);
    if (incident.merged_into !== null)
      throw new DomainError(
        "conflict",
        `INC-${incident.number} was merged into ${mergedWords(incident)}: go on there.`,
        {
          mergedInto: incident.merged_number === null ? null : incident.merged_into,
        },
      );
    if (incident.state === "closed" && !evenClosed)
      throw new DomainError("precondition_failed", `INC-${incident.number} is closed. Reopen it first.`);
    const { result, entries } = await work(tx, incident);
    if (entries.length > 0) {
      await tx.query("UPDATE incidents SET revision = revision + 1, updated_at = now() WHERE id = $1", [incidentId]);
      await appendEntries(
        tx,
        entries.map((entry) => ({ ...entry, chain: incidentId, by: entry.by === undefined ? actor : entry.by })),
      );
    }
    return result;
  });
}
