import type { Queryable } from "@/server/platform/postgres";
import { pageOfRequests } from "@/server/approvals/request-rows";
import { storedProblem } from "@/server/approvals/standing";

/** Each gives the requests that break a law, from the tables alone; none of it shares code with what it watches. $1: the requests. */
const laws: Readonly<Record<string, string>> = {
  "executed without enough votes that counted then": `SELECT a.id FROM approval_requests a JOIN fake_executions e ON e.approval_id = a.id
     WHERE a.id = ANY ($1) AND e.voters < a.votes_needed`,
  "executed without a vote of security": `SELECT approval_id AS id FROM fake_executions WHERE approval_id = ANY ($1) AND NOT security`,
  "executed while who asked was inactive or out of role": `SELECT approval_id AS id FROM fake_executions WHERE approval_id = ANY ($1) AND NOT requester_stands`,
  "executed after its time": `SELECT approval_id AS id FROM fake_executions WHERE approval_id = ANY ($1) AND NOT in_time`,
  "executed with another list": `SELECT approval_id AS id FROM fake_executions WHERE approval_id = ANY ($1) AND NOT same_targets`,
  "executions are not exactly one per executed request": `SELECT a.id FROM approval_requests a WHERE a.id = ANY ($1)
     AND (SELECT count(*) FROM fake_executions e WHERE e.approval_id = a.id) <> CASE a.state WHEN 'executed' THEN 1 ELSE 0 END`,
  "a vote of who asked": `SELECT a.id FROM approval_requests a JOIN approval_votes v ON v.request_id = a.id
     WHERE a.id = ANY ($1) AND v.voter_id = a.requester_id`,
  "two standing votes of one person": `SELECT request_id AS id FROM approval_votes WHERE request_id = ANY ($1) AND withdrawn_at IS NULL
     GROUP BY request_id, voter_id HAVING count(*) > 1`,
  "denied, and yet not ended by it": `SELECT a.id FROM approval_requests a WHERE a.id = ANY ($1) AND a.state <> 'denied'
     AND EXISTS (SELECT 1 FROM approval_votes v WHERE v.request_id = a.id AND v.vote = 'deny')`,
  "voted on after its end": `SELECT a.id FROM approval_requests a JOIN approval_votes v ON v.request_id = a.id
     WHERE a.id = ANY ($1) AND a.state NOT IN ('pending', 'approved') AND a.state <> 'expired'
       AND v.cast_at > coalesce(a.executed_at, a.decided_at)`,
  "a vote on other bytes": `SELECT a.id FROM approval_requests a JOIN approval_votes v ON v.request_id = a.id
     WHERE a.id = ANY ($1) AND v.digest <> a.digest`,
  "states and record differ": `SELECT a.id FROM approval_requests a WHERE a.id = ANY ($1)
     AND (SELECT count(*) FROM timeline_entries t WHERE t.chain = a.incident_id AND split_part(t.kind, '.', 1) = 'approval'
           AND t.details->'refs'->>'approval' = a.id::text
           AND t.kind IN ('approval.denied', 'approval.cancelled', 'approval.expired', 'approval.void', 'approval.executed'))
         <> CASE WHEN a.state IN ('pending', 'approved') THEN 0 ELSE 1 END`,
};

/** Which laws the requests break, in words; empty when they hold. `tampered`: changed behind the trigger, so their bytes differ. */
export async function violations(
  db: Queryable,
  ids: readonly string[],
  tampered: ReadonlySet<string>,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [law, sql] of Object.entries(laws))
    for (const { id } of await db.query<{ id: string }>(sql, [ids])) broken.push(`${law}: ${id}`);
  const all = { id: "00000000-0000-0000-0000-000000000000", roles: ["admin"] as const };
  for (const row of await pageOfRequests(db, all, "a.id = ANY ($3)", [ids])) {
    const problem = storedProblem(row);
    if (problem !== null && !tampered.has(row.id)) broken.push(`${problem} ${row.id}`);
  }
  return broken;
}
