import { tellLapsed } from "@/server/approvals/break-glass";
import { labelOf } from "@/server/approvals/standing";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Overdue = { readonly id: string; readonly incident_id: string | null };

/** Says of one overdue request that it has expired; only the replica whose UPDATE comes first puts it on record. */
async function expire(db: Database, { id, incident_id: incidentId }: Overdue): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [incident] = await tx.query<{ state: string }>(
      "SELECT state FROM incidents WHERE id = $1 FOR NO KEY UPDATE",
      [incidentId],
    );
    const [row] = await tx.query<{ action: string; digest: string; was: string }>(
      `UPDATE approval_requests a SET state = 'expired', decided_at = clock_timestamp(), revision = a.revision + 1,
              state_reason = CASE old.state WHEN 'approved' THEN 'It was approved, but nobody executed it in time.'
                                            ELSE 'Its time ran out before it was decided.' END
         FROM (SELECT id, state FROM approval_requests WHERE id = $1 FOR UPDATE) old
        WHERE a.id = old.id AND a.state IN ('pending', 'approved') AND a.expires_at <= clock_timestamp()
        RETURNING a.action, a.digest, old.state AS was`,
      [id],
    );
    if (row === undefined) return false;
    await appendEntries(tx, [
      {
        chain: incidentId !== null && incident !== undefined && incident.state !== "closed" ? incidentId : consoleChain,
        kind: "approval.expired",
        by: null,
        summary: `"${labelOf(row)}" has expired${row.was === "approved" ? " before anybody executed it" : " undecided"}`,
        details: { refs: { approval: id, digest: row.digest } },
      },
    ]);
    return true;
  });
}

/** Ends what is overdue, each request once in any number of replicas. Gives how many it ended. */
export async function expireRequests(db: Database): Promise<number> {
  const overdue = await db.query<Overdue>(
    `SELECT id, incident_id FROM approval_requests
      WHERE state IN ('pending', 'approved') AND expires_at <= clock_timestamp() ORDER BY expires_at LIMIT 100`,
  );
  let ended = 0;
  for (const request of overdue) if (await expire(db, request)) ended += 1;
  return ended;
}

/** Looks for overdue requests, and break-glass that has lapsed, every two seconds while it runs. Nothing waits for it: every act reads the clock itself. */
export const createExpiry = (db: Database): Repeating =>
  repeat("approvals", 2_000, async () => {
    await expireRequests(db);
    await tellLapsed(db);
  });
