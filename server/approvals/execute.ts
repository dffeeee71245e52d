import type { z } from "zod";
import type { ActionName } from "@/server/auth/action-policy";
import { actOnRequest, type ApprovalContext, insist, refsOf } from "@/server/approvals/act-on-request";
import type { ApprovedAction, Stored } from "@/server/approvals/approved-action";
import { readCanonical } from "@/server/approvals/canonical-json";
import { loadRequest, type RequestRow } from "@/server/approvals/request-rows";
import type { executeInput } from "@/server/approvals/schemas";
import { labelOf, mayExecute, twoPeopleRule, whyEnded } from "@/server/approvals/standing";
import { passGuard } from "@/server/investigation/pass-guard";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Queryable } from "@/server/platform/postgres";

/** What an action is handed: the server's stored copy, read from its canonical text. @throws when it is not readable */
export function storedOf(request: RequestRow): Stored {
  const targets = readCanonical(request.targets);
  if (!Array.isArray(targets) || !targets.every((id) => typeof id === "string"))
    throw new DomainError("precondition_failed", "The frozen list cannot be read. Ask anew.");
  return {
    approvalId: request.id,
    incidentId: request.incident_id,
    reason: request.reason,
    parameters: readCanonical(request.parameters),
    targets,
    preconditions: readCanonical(request.preconditions),
    requester: { id: request.requester_id, name: request.requester_name },
  };
}

function partOf(actions: ApprovalContext["actions"], request: RequestRow): ApprovedAction {
  const part = actions.get(request.action as ActionName);
  if (part === undefined)
    throw new DomainError("precondition_failed", `${labelOf(request)} is not available in this release.`);
  return part;
}

/** Ends a request whose ground has moved; leaves one alone that has ended meanwhile. */
const voidRequest = (ctx: ApprovalContext, id: string, why: string): Promise<void> =>
  actOnRequest(ctx, id, async (tx, request) => {
    if (whyEnded(request) !== null) return { result: undefined, entries: [] };
    await tx.query(
      "UPDATE approval_requests SET state = 'void', state_reason = $2, decided_at = clock_timestamp() WHERE id = $1",
      [id, why.slice(0, 1_000)],
    );
    const summary = `"${labelOf(request)}" is void: ${why}`.slice(0, 2_000);
    return { result: undefined, entries: [{ kind: "approval.void", summary, details: { refs: refsOf(request) } }] };
  });

/**
 * Uses an approval up, if the database itself still agrees: approved, in time, the same digest, the requester still in role, and
 * enough votes of people who are active and in role now. True for exactly one caller.
 */
async function consume(tx: Queryable, request: RequestRow, by: { id: string; name: string }): Promise<boolean> {
  const rule = twoPeopleRule(request.action);
  const rows = await tx.query(
    `WITH counting AS (
       SELECT DISTINCT v.voter_id, held_roles(p) AS roles FROM approval_votes v JOIN people p ON p.id = v.voter_id
        WHERE v.request_id = $1 AND v.vote = 'approve' AND v.withdrawn_at IS NULL AND v.voter_id <> $2 AND v.digest = $3
          AND v.expires_at > clock_timestamp() AND p.active AND held_roles(p) && $4)
     UPDATE approval_requests a SET state = 'executed', executed_at = clock_timestamp(), executed_by_id = $5, executed_by_name = $6
      WHERE a.id = $1 AND a.state = 'approved' AND a.requester_id = $2 AND a.digest = $3 AND a.expires_at > clock_timestamp()
        AND EXISTS (SELECT 1 FROM people r WHERE r.id = a.requester_id AND r.active AND held_roles(r) && $7)
        AND (SELECT count(*) FROM counting) >= a.votes_needed
        AND (NOT a.security_needed OR EXISTS (SELECT 1 FROM counting c WHERE 'security' = ANY (c.roles)))
      RETURNING 1`,
    [request.id, request.requester_id, request.digest, rule?.voters ?? [], by.id, by.name, rule?.asks ?? []],
  );
  return rows.length === 1;
}

/**
 * Executes an approved request: looks once more whether what was frozen still holds, then uses the approval up and records what
 * it starts in one transaction. Of any number of callers at once one gets through. What runs are the stored bytes.
 * @throws not_found, forbidden, conflict (another digest), precondition_failed, source_unreachable (it stays approved)
 */
export async function executeRequest({
  ctx,
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof executeInput>;
}): Promise<{ readonly ref: string }> {
  const { db, actor, actions } = ctx;
  const seen = await loadRequest(db, actor, input.approvalId);
  insist(seen, mayExecute(seen, { id: actor.id, roles: actor.roles, active: true }));
  if (input.digest !== seen.digest)
    throw new DomainError("conflict", "This is not what was on your screen. Load the request again and look at it.");
  const part = partOf(actions, seen);
  const frozen = storedOf(seen);
  const changed = (await part.recheck(frozen)) ?? (await part.lastLook?.(frozen)) ?? null;
  if (changed !== null) {
    await voidRequest(ctx, seen.id, changed);
    throw new DomainError("precondition_failed", `${changed} The request is void: ask anew.`);
  }
  const ref = await actOnRequest(ctx, input.approvalId, async (tx, request, me) => {
    insist(request, mayExecute(request, me));
    if (input.digest !== request.digest || !(await consume(tx, request, actor)))
      throw new DomainError("precondition_failed", "It is no longer approved. Load the request again.");
    const stored = storedOf(request);
    const act = { action: part.action, zones: part.zonesOf(stored), actor };
    await passGuard(tx, act, request.investigation_reason ?? input.investigationReason ?? null);
    const started = await part.start(tx, stored, actor);
    await tx.query("UPDATE approval_requests SET result_ref = $2 WHERE id = $1", [request.id, started]);
    return {
      result: started,
      entries: [
        {
          kind: "approval.executed",
          summary: `${actor.name} executed "${labelOf(request)}", asked for by ${request.requester_name}`,
          details: { refs: { ...refsOf(request), started } },
        },
      ],
    };
  });
  // The job is on record: if waking it fails, its supervisor finds it.
  await part.wake(ref).catch((error: unknown) => log.warn({ ref, reason: messageOf(error) }, "a job was not woken"));
  return { ref };
}

/** Whether what was frozen still holds, for the screen. Neither answer is known while the sources do not answer. */
export async function changedSince(
  actions: ApprovalContext["actions"],
  request: RequestRow,
): Promise<{ readonly changed: string | null; readonly changedUnknown: string | null }> {
  try {
    return { changed: await partOf(actions, request).recheck(storedOf(request)), changedUnknown: null };
  } catch (error) {
    return { changed: null, changedUnknown: messageOf(error) };
  }
}
