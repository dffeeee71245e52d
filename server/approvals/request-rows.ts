import type { Actor } from "@/server/auth/roles";
import type { ApprovalState } from "@/server/approvals/schemas";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** A vote with what its voter is today: `roles` and `active` of now, `voter_roles` of when it was cast. */
export type VoteRow = {
  readonly voter_id: string;
  readonly voter_name: string;
  readonly voter_roles: readonly string[];
  readonly vote: "approve" | "deny";
  readonly comment: string;
  readonly digest: string;
  readonly cast_at: string;
  readonly expires_at: string;
  readonly withdrawn_at: string | null;
  readonly expired: boolean;
  readonly active: boolean;
  readonly roles: readonly string[];
};

/** A request as it is stored: JSON as its text, instants as exact text, overdue by the database's clock. */
export type RequestRow = {
  readonly id: string;
  readonly action: string;
  readonly severity: Severity;
  readonly parameters: string;
  readonly targets: string;
  readonly target_count: number;
  readonly targets_digest: string;
  readonly preconditions: string;
  readonly blast: string;
  readonly incident_id: string | null;
  readonly playbook_version: string;
  readonly requester_id: string;
  readonly requester_name: string;
  readonly requester_active: boolean;
  readonly requester_roles: readonly string[];
  readonly reason: string;
  readonly investigation_reason: string | null;
  readonly nonce: string;
  readonly votes_needed: number;
  readonly security_needed: boolean;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly digest: string;
  readonly state: ApprovalState;
  readonly overdue: boolean;
  readonly state_reason: string | null;
  readonly decided_at: string | null;
  readonly executed_at: string | null;
  readonly executed_by_name: string | null;
  readonly result_ref: string | null;
  readonly votes: readonly VoteRow[];
};

/** The columns of RequestRow without its votes, from `approval_requests a JOIN people r ON r.id = a.requester_id`. */
const requestColumns = `a.id, a.action, a.severity, a.parameters::text AS parameters, a.targets::text AS targets, a.target_count,
  a.targets_digest, a.preconditions::text AS preconditions, a.blast::text AS blast, a.incident_id, a.playbook_version,
  a.requester_id, a.requester_name, r.active AS requester_active, held_roles(r) AS requester_roles, a.reason, a.investigation_reason, a.nonce, a.votes_needed,
  a.security_needed, ${exactInstantSql("a.requested_at")} AS requested_at, ${exactInstantSql("a.expires_at")} AS expires_at, a.digest, a.state,
  a.expires_at <= clock_timestamp() AS overdue, a.state_reason, ${exactInstantSql("a.decided_at")} AS decided_at,
  ${exactInstantSql("a.executed_at")} AS executed_at, a.executed_by_name, a.result_ref`;

const votesSql = `SELECT v.request_id, v.voter_id, v.voter_name, v.voter_roles, v.vote, v.comment, v.digest, ${exactInstantSql("v.cast_at")} AS cast_at,
    ${exactInstantSql("v.expires_at")} AS expires_at, ${exactInstantSql("v.withdrawn_at")} AS withdrawn_at, v.expires_at <= clock_timestamp() AS expired,
    p.active, held_roles(p) AS roles
  FROM approval_votes v JOIN people p ON p.id = v.voter_id WHERE v.request_id = ANY ($1) ORDER BY v.cast_at, v.id`;

/** Puts their votes to requests that were read without them. */
export async function withVotes(db: Queryable, rows: readonly Omit<RequestRow, "votes">[]): Promise<RequestRow[]> {
  if (rows.length === 0) return [];
  const votes = await db.query<VoteRow & { request_id: string }>(votesSql, [rows.map(({ id }) => id)]);
  return rows.map((row) => ({ ...row, votes: votes.filter(({ request_id }) => request_id === row.id) }));
}

const noSuch = () => new DomainError("not_found", "There is no such request, or it is not open to you.");

/** One request that the viewer may see, with its votes. @throws not_found */
export async function loadRequest(db: Queryable, actor: Pick<Actor, "id" | "roles">, id: string): Promise<RequestRow> {
  const rows = await db.query<Omit<RequestRow, "votes">>(
    `SELECT ${requestColumns} FROM approval_requests a JOIN people r ON r.id = a.requester_id
      WHERE a.id = $3 AND ${visibleByIncident("a.incident_id", 1)}`,
    [...viewerParams(actor), id],
  );
  const [row] = await withVotes(db, rows);
  if (row === undefined) throw noSuch();
  return row;
}

/** Requests of a page, newest first, that the viewer may see. `where` speaks of `a` and has its parameters from $3 on. */
export async function pageOfRequests(
  db: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  where: string,
  params: readonly unknown[],
): Promise<RequestRow[]> {
  const rows = await db.query<Omit<RequestRow, "votes">>(
    `SELECT ${requestColumns} FROM approval_requests a JOIN people r ON r.id = a.requester_id
      WHERE ${visibleByIncident("a.incident_id", 1)} AND ${where}`,
    [...viewerParams(actor), ...params],
  );
  return withVotes(db, rows);
}

export type LockedRequest = { readonly request: RequestRow; readonly incidentOpen: boolean };

/**
 * One request, held until the transaction ends together with its incident and the people it depends on: nobody changes a role,
 * withdraws, votes or executes meanwhile. Locks in the order of every act on an incident: incident, request, people by id.
 * @throws not_found
 */
export async function lockRequest(
  tx: Queryable,
  actor: Pick<Actor, "id" | "roles">,
  id: string,
): Promise<LockedRequest> {
  const [known] = await tx.query<{ incident_id: string | null }>(
    "SELECT incident_id FROM approval_requests WHERE id = $1", // fixed once it is written
    [id],
  );
  if (known === undefined) throw noSuch();
  const [incident] = await tx.query<{ state: string }>("SELECT state FROM incidents WHERE id = $1 FOR NO KEY UPDATE", [
    known.incident_id,
  ]);
  await tx.query("SELECT 1 FROM approval_requests WHERE id = $1 FOR UPDATE", [id]);
  await tx.query(
    `SELECT 1 FROM people WHERE id = $2 OR id IN (SELECT requester_id FROM approval_requests WHERE id = $1)
        OR id IN (SELECT voter_id FROM approval_votes WHERE request_id = $1 AND withdrawn_at IS NULL)
      ORDER BY id FOR SHARE`,
    [id, actor.id],
  );
  const request = await loadRequest(tx, actor, id); // reads anew, after everything is held
  return { request, incidentOpen: incident !== undefined && incident.state !== "closed" };
}
