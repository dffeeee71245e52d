import type { Actor } from "@/server/auth/roles";
import type { IncidentRow } from "@/server/incidents/incident-rows";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/**
 * Puts on record that somebody looked at a restricted incident, at most once per person in ten minutes; on the console's own record
 * once it is closed. A look that cannot be recorded is refused with the failure, since that is what restricted means.
 */
export async function recordView(
  { db, actor }: { readonly db: Database; readonly actor: Actor },
  incident: Pick<IncidentRow, "id" | "number" | "state">,
): Promise<void> {
  const chain = incident.state === "closed" ? consoleChain : incident.id;
  try {
    await db.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4270115))", [`${incident.id} ${actor.id}`]);
      const seen = await tx.query(
        `SELECT 1 FROM timeline_entries WHERE chain = $1 AND kind = 'view.restricted' AND actor_id = $2
            AND at > clock_timestamp() - interval '10 minutes' AND details->'refs'->>'incident' = $3 LIMIT 1`,
        [chain, actor.id, incident.id],
      );
      if (seen.length > 0) return;
      await appendEntries(tx, [
        {
          chain,
          kind: "view.restricted",
          by: actor,
          summary: `${actor.name} looked at INC-${incident.number}`,
          details: { refs: { incident: incident.id } },
        },
      ]);
    });
  } catch (error) {
    log.warn(
      { incident: incident.number, reason: messageOf(error) },
      "a look at a restricted incident could not be recorded",
    );
    throw error;
  }
}
