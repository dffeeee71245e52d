import type { z } from "zod";
import { requireRecentProof } from "@/server/auth/recent-proof";
import { actOnRequest, type ApprovalContext, insist, refsOf } from "@/server/approvals/act-on-request";
import { loadRequest, type RequestRow } from "@/server/approvals/request-rows";
import type { approvalInput, ApprovalState, cancelInput, voteInput } from "@/server/approvals/schemas";
import { labelOf, mayCancel, mayVote, mayWithdraw, twoPeopleRule, votesLack } from "@/server/approvals/standing";
import { queueNotice } from "@/server/notifications/queue-notice";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";

/** Tells who asked how it went. */
const tellRequester = (tx: Queryable, request: RequestRow, what: string) =>
  queueNotice(tx, {
    key: `approval-${what}:${request.id}`,
    kind: "approval-decided",
    incidentId: request.incident_id,
    severity: request.severity,
    people: [request.requester_id],
    sentence: `${labelOf(request)}: ${what}`,
    path: `/approvals/${request.id}`,
  });

/**
 * Votes on exactly what was on the screen: the digest that comes with the vote is the stored one, and the stored bytes still give
 * it. Enough approving votes that count make it approved; one denial ends it. One vote per person.
 * @throws not_found, forbidden, conflict (another digest), precondition_failed (ended, stale proof of identity)
 */
export async function castVote({
  ctx,
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof voteInput>;
}): Promise<{ readonly state: ApprovalState }> {
  const { actor, signInId } = ctx;
  if (input.vote === "deny" && input.comment.length < 4)
    throw new DomainError("bad_input", "Say why it is denied, in at least 4 characters.");
  return actOnRequest(ctx, input.approvalId, async (tx, request, me) => {
    insist(request, mayVote(request, me));
    const rule = twoPeopleRule(request.action);
    if (rule === null) throw new Error("an action without a rule passed mayVote");
    if (input.digest !== request.digest)
      throw new DomainError("conflict", "This is not what was on your screen. Load the request again and look at it.");
    await requireRecentProof(tx, signInId, actor.id);
    await tx.query(
      `INSERT INTO approval_votes (request_id, requester_id, digest, voter_id, voter_name, voter_roles, vote, comment, cast_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, t.at, t.at + make_interval(mins => $9) FROM (SELECT clock_timestamp() AS at) t`,
      [
        request.id,
        request.requester_id,
        input.digest,
        me.id,
        actor.name,
        me.roles,
        input.vote,
        input.comment,
        rule.minutes,
      ],
    );
    const after = await loadRequest(tx, actor, request.id);
    const state: ApprovalState =
      input.vote === "deny" ? "denied" : votesLack(after) === null ? "approved" : request.state;
    if (state !== request.state) {
      await tx.query(
        "UPDATE approval_requests SET state = $2, state_reason = $3, decided_at = clock_timestamp() WHERE id = $1",
        [request.id, state, state === "denied" ? `Denied by ${actor.name}: ${input.comment}` : null],
      );
      await tellRequester(tx, request, state);
    }
    const words = input.vote === "approve" ? "approved of" : "voted against";
    const details = { parameters: { vote: input.vote, roles: me.roles.join(",") }, refs: refsOf(request) };
    return {
      result: { state },
      entries: [
        {
          kind: "approval.voted",
          summary: `${actor.name} ${words} "${labelOf(request)}"${input.comment === "" ? "" : `: ${input.comment}`}`,
          details,
        },
        ...(state === request.state
          ? []
          : [
              {
                kind: `approval.${state}`,
                summary: `"${labelOf(request)}" is ${state}`,
                details: { refs: refsOf(request) },
              },
            ]),
      ],
    };
  });
}

/** Takes one's own vote back. Where the others no longer suffice, an approved request waits for votes again. */
export async function withdrawVote({
  ctx,
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof approvalInput>;
}): Promise<{ readonly state: ApprovalState }> {
  const { actor } = ctx;
  return actOnRequest(ctx, input.approvalId, async (tx, request, me) => {
    insist(request, mayWithdraw(request, me));
    await tx.query(
      "UPDATE approval_votes SET withdrawn_at = clock_timestamp() WHERE request_id = $1 AND voter_id = $2 AND withdrawn_at IS NULL",
      [request.id, me.id],
    );
    const back = request.state === "approved" && votesLack(await loadRequest(tx, actor, request.id)) !== null;
    if (back)
      await tx.query("UPDATE approval_requests SET state = 'pending', decided_at = NULL WHERE id = $1", [request.id]);
    return {
      result: { state: back ? "pending" : request.state },
      entries: [
        {
          kind: "approval.withdrawn",
          summary: `${actor.name} took their vote on "${labelOf(request)}" back${back ? "; it waits for votes again" : ""}`,
          details: { refs: refsOf(request) },
        },
      ],
    };
  });
}

/** Ends an open request for good, by who asked or an admin. */
export async function cancelRequest({
  ctx,
  input,
}: {
  ctx: ApprovalContext;
  input: z.output<typeof cancelInput>;
}): Promise<{ readonly state: ApprovalState }> {
  const { actor } = ctx;
  return actOnRequest(ctx, input.approvalId, async (tx, request, me) => {
    insist(request, mayCancel(request, me));
    await tx.query(
      "UPDATE approval_requests SET state = 'cancelled', state_reason = $2, decided_at = clock_timestamp() WHERE id = $1",
      [request.id, `Cancelled by ${actor.name}: ${input.reason}`],
    );
    return {
      result: { state: "cancelled" },
      entries: [
        {
          kind: "approval.cancelled",
          summary: `${actor.name} cancelled "${labelOf(request)}": ${input.reason}`,
          details: { refs: refsOf(request) },
        },
      ],
    };
  });
}
