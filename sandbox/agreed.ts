import { randomBytes, randomUUID } from "node:crypto";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";

type Owner = { query(sql: string, params: readonly unknown[]): Promise<unknown> };
type Request = {
  readonly action: string;
  readonly requester: { readonly id: string; readonly name: string };
  readonly reason?: string;
  readonly incidentId?: string;
  readonly parameters?: unknown;
  readonly minutes?: number; // when it was asked for, from now
};

/** A stored request that a second person has approved. The machine of approvals, its votes and digests have tests of their own. */
export async function approvedRequest(owner: Owner, request: Request): Promise<string> {
  const id = randomUUID();
  await owner.query(
    `INSERT INTO approval_requests (id, action, severity, parameters, targets, target_count, targets_digest, incident_id, playbook_version, requester_id,
       requester_name, reason, nonce, votes_needed, requested_at, expires_at, digest, state)
     VALUES ($1, $2, 'P1', $3, '[]', 0, repeat('0', 64), $4, 'x', $5, $6, $7, $8, 1, now() + make_interval(mins => $9), now() + interval '1 hour', $10, 'approved')`,
    [
      id,
      request.action,
      JSON.stringify(request.parameters ?? {}),
      request.incidentId ?? null,
      request.requester.id,
      request.requester.name,
      request.reason ?? "Agreed in a test",
      randomUUID(),
      request.minutes ?? 0,
      randomBytes(32).toString("hex"),
    ],
  );
  return id;
}

/** An act as two people agreed on it: frozen now, and as its `start` is given it. */
export async function agreed(
  owner: Owner,
  action: ApprovedAction,
  parameters: unknown,
  requester: Request["requester"],
  reason = "Agreed in a test",
): Promise<Stored> {
  const frozen = await action.freeze(parameters);
  const approvalId = await approvedRequest(owner, { action: action.action, requester, reason });
  const { id, name } = requester;
  return {
    approvalId,
    incidentId: null,
    reason,
    parameters: frozen.parameters,
    targets: frozen.targets,
    preconditions: frozen.preconditions,
    requester: { id, name },
  };
}
