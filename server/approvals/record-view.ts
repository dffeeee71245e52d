import type { Actor } from "@/server/auth/roles";
import { refsOf } from "@/server/approvals/act-on-request";
import type { RequestRow } from "@/server/approvals/request-rows";
import { labelOf } from "@/server/approvals/standing";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/** Looks at a request that are on the record of its incident. */
const seenSql = `SELECT 1 FROM timeline_entries
  WHERE chain = ANY ($1) AND split_part(kind, '.', 1) = 'approval' AND kind = 'approval.viewed' AND actor_id = $2
    AND details->'refs'->>'approval' = $3 LIMIT 1`;

/** Puts the first look of a person at a request on the record; once, however many pages they open at the same time. */
export async function recordView(db: Database, actor: Actor, request: RequestRow): Promise<void> {
  const chains = [request.incident_id ?? consoleChain];
  const seen = async (tx: Queryable) => (await tx.query(seenSql, [chains, actor.id, request.id])).length > 0;
  if (await seen(db)) return;
  await db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4270115))", [`${request.id} ${actor.id}`]);
    const [incident] = await tx.query<{ state: string }>(
      "SELECT state FROM incidents WHERE id = $1 FOR NO KEY UPDATE",
      [request.incident_id],
    );
    if ((await seen(tx)) || (incident?.state ?? "closed") === "closed") return; // a closed record stays as it was
    await appendEntries(tx, [
      {
        chain: request.incident_id ?? consoleChain,
        kind: "approval.viewed",
        by: actor,
        summary: `${actor.name} looked at the request "${labelOf(request)}"`,
        details: { refs: refsOf(request) },
      },
    ]);
  });
}
