import type { Asked, ApprovalStage } from "@/sandbox/approval-stage/stage";
import { executeRequest } from "@/server/approvals/execute";
import { getRequest, listRequests } from "@/server/approvals/read-requests";
import { listApprovalsInput } from "@/server/approvals/schemas";
import { cancelRequest, castVote, withdrawVote } from "@/server/approvals/vote";

type Ref = Pick<Asked, "approvalId" | "digest">;

/** The verbs as the people of a stage use them. */
export const actsOn = (stage: () => ApprovalStage) => ({
  vote: (name: string, { approvalId, digest }: Ref, vote: "approve" | "deny" = "approve") =>
    castVote({ ctx: stage().by(name), input: { approvalId, digest, vote, comment: "I looked at it" } }),
  withdraw: (name: string, { approvalId }: Ref) => withdrawVote({ ctx: stage().by(name), input: { approvalId } }),
  cancel: (name: string, { approvalId }: Ref) =>
    cancelRequest({ ctx: stage().by(name), input: { approvalId, reason: "Not needed" } }),
  execute: (name: string, { approvalId, digest }: Ref, more: { readonly investigationReason?: string } = {}) =>
    executeRequest({ ctx: stage().by(name), input: { approvalId, digest, ...more } }),
  get: (name: string, { approvalId }: Ref) => getRequest({ ctx: stage().by(name), input: { approvalId } }),
  list: (name: string, given: object = {}) =>
    listRequests({ ctx: stage().by(name), input: listApprovalsInput.parse(given) }),
  /** Kinds of the approval entries of a record, in order. */
  async kinds(chain: string): Promise<string[]> {
    const rows = await stage().db.query<{ kind: string }>(
      "SELECT kind FROM timeline_entries WHERE chain = $1 AND kind LIKE 'approval.%' ORDER BY seq",
      [chain],
    );
    return rows.map(({ kind }) => kind);
  },
  person: (name: string, set: string) =>
    stage().db.query(`UPDATE people SET ${set} WHERE id = $1`, [stage().by(name).actor.id]),
  async executions({ approvalId }: Ref): Promise<number> {
    return (await stage().db.query("SELECT 1 FROM fake_executions WHERE approval_id = $1", [approvalId])).length;
  },
});

/** The people of the tests: name and role. */
export const cast = [
  ["dana", "responder"],
  ["remy", "responder"],
  ["ari", "approver"],
  ["ora", "approver"],
  ["sol", "security"],
  ["vera", "viewer"],
  ["ada", "admin"],
] as const;
