import { actionNames, type ActionName, type ApprovalRule, policyOf } from "@/server/auth/action-policy";
import type { Role } from "@/server/auth/roles";
import { readCanonical } from "@/server/approvals/canonical-json";
import { boundText, sha256 } from "@/server/approvals/request-digest";
import type { RequestRow, VoteRow } from "@/server/approvals/request-rows";
import type { ApprovalState } from "@/server/approvals/schemas";

/** Who asks whether they may: as the database knows them now. */
export type Me = { readonly id: string; readonly roles: readonly string[]; readonly active: boolean };
export type TwoPeople = Extract<ApprovalRule, { kind: "two" }>;

const knownAction = (action: string): ActionName | undefined => actionNames.find((name) => name === action);

/** What people call the action of a request, also when this release does not know it any more. */
export function labelOf({ action }: Pick<RequestRow, "action">): string {
  const known = knownAction(action);
  return known === undefined ? action : policyOf(known).label;
}

/** The rule of an action that takes two people; null for one that this release does not know or that takes one. */
export function twoPeopleRule(action: string): (TwoPeople & { readonly asks: readonly Role[] }) | null {
  const known = knownAction(action);
  if (known === undefined) return null;
  const { approval, roles } = policyOf(known);
  return approval.kind === "two" ? { ...approval, asks: roles } : null;
}

const holdsOne = (held: readonly string[], wanted: readonly string[]): boolean =>
  wanted.some((role) => held.includes(role));
const listed = (roles: readonly string[]): string => roles.join(" or ");

/** The state as everybody reads it: an open request that is overdue has expired, whether a job has said so yet or not. */
export const stateOf = (request: Pick<RequestRow, "state" | "overdue">): ApprovalState =>
  request.overdue && (request.state === "pending" || request.state === "approved") ? "expired" : request.state;

const endedWords: Readonly<Record<Exclude<ApprovalState, "pending" | "approved">, string>> = {
  denied: "It was denied, which is final. Ask anew if it is still needed.",
  cancelled: "It was cancelled.",
  expired: "Its time has run out. Ask anew if it is still needed.",
  void: "Something changed since it was asked for, so it is void. Ask anew.",
  executed: "It has been executed already.",
};

/** Why nothing can be done with it any more; null while it is open. */
export function whyEnded(request: Pick<RequestRow, "state" | "overdue">): string | null {
  const state = stateOf(request);
  return state === "pending" || state === "approved" ? null : endedWords[state];
}

/** Why a vote does not count right now; null when it does. */
export function whyNotCounting(
  vote: VoteRow,
  request: Pick<RequestRow, "action" | "requester_id" | "digest">,
): string | null {
  const rule = twoPeopleRule(request.action);
  if (rule === null) return "This release does not know the action.";
  if (vote.withdrawn_at !== null) return "It was taken back.";
  if (vote.voter_id === request.requester_id) return "Nobody votes on what they asked for.";
  if (vote.digest !== request.digest) return "It was cast on something else.";
  if (vote.expired) return "Its time has run out.";
  if (!vote.active) return `${vote.voter_name} is no longer active.`;
  if (!holdsOne(vote.roles, rule.voters)) return `${vote.voter_name} no longer holds ${listed(rule.voters)}.`;
  return null;
}

/** The approving votes that count right now. */
export const countingVotes = (request: RequestRow): readonly VoteRow[] =>
  request.votes.filter((vote) => vote.vote === "approve" && whyNotCounting(vote, request) === null);

/** Whether none of the votes that count is from security, of what needs one that is. */
export const lacksSecurity = (request: RequestRow): boolean =>
  request.security_needed && !countingVotes(request).some(({ roles }) => roles.includes("security"));

/** What the votes still lack for the request to be approved; null when they suffice. */
export function votesLack(request: RequestRow): string | null {
  const counting = countingVotes(request);
  if (counting.length < request.votes_needed)
    return `${counting.length} of ${request.votes_needed} votes count right now.`;
  return lacksSecurity(request) ? "One of the voters has to hold security." : null;
}

/** Why the stored bytes cannot be trusted; null when they are what the digest was made of. */
export function storedProblem(request: RequestRow): string | null {
  try {
    const targets = readCanonical(request.targets);
    if (!Array.isArray(targets) || targets.length !== request.target_count)
      return "The frozen list is not what was frozen.";
    if (sha256(request.targets) !== request.targets_digest) return "The frozen list is not what was frozen.";
    return sha256(boundTextOf(request)) === request.digest ? null : "What is stored is not what was asked for.";
  } catch {
    return "What is stored cannot be read as it was written.";
  }
}

/** The text that the request's digest is made of, from the stored bytes. @throws when they are not canonical. */
export const boundTextOf = (request: RequestRow): string =>
  boundText({
    action: request.action,
    severity: request.severity,
    parameters: readCanonical(request.parameters),
    targetsDigest: request.targets_digest,
    preconditions: readCanonical(request.preconditions),
    incident: request.incident_id,
    playbookVersion: request.playbook_version,
    requester: request.requester_id,
    nonce: request.nonce,
    expiresAt: request.expires_at,
    reason: request.reason,
    votesNeeded: request.votes_needed,
    securityNeeded: request.security_needed,
    investigationReason: request.investigation_reason,
  });

const ownVote = (request: RequestRow, me: Me): VoteRow | undefined =>
  request.votes.find((vote) => vote.voter_id === me.id && vote.withdrawn_at === null);
const inactive = "Your account is no longer active.";

/** Each gives null when the person may, or the reason why not, in words. The screen shows what the verbs enforce. */
export function mayVote(request: RequestRow, me: Me): string | null {
  const ended = whyEnded(request);
  if (ended !== null) return ended;
  if (me.id === request.requester_id) return "You asked for it, so somebody else has to vote.";
  if (!me.active) return inactive;
  const rule = twoPeopleRule(request.action);
  if (rule === null) return "This release does not know the action, so nobody may vote on it.";
  if (!holdsOne(me.roles, rule.voters)) return `Votes on this need the role ${listed(rule.voters)}.`;
  if (ownVote(request, me) !== undefined) return "You have voted. Take your vote back to vote anew.";
  return storedProblem(request);
}

export function mayWithdraw(request: RequestRow, me: Me): string | null {
  return whyEnded(request) ?? (ownVote(request, me) === undefined ? "You have no vote to take back." : null);
}

export function mayCancel(request: RequestRow, me: Me): string | null {
  const ended = whyEnded(request);
  if (ended !== null) return ended;
  if (!me.active) return inactive;
  return me.id === request.requester_id || me.roles.includes("admin")
    ? null
    : `Only ${request.requester_name} or an admin may cancel it. You can deny it by your vote.`;
}

export function mayExecute(request: RequestRow, me: Me): string | null {
  const ended = whyEnded(request);
  if (ended !== null) return ended;
  if (!me.active) return inactive;
  const rule = twoPeopleRule(request.action);
  if (rule === null) return "This release does not know the action, so nobody may execute it.";
  if (!holdsOne(me.roles, rule.asks)) return `Executing this needs the role ${listed(rule.asks)}.`;
  if (request.state !== "approved") return "It is not approved yet.";
  if (!request.requester_active) return `${request.requester_name}, who asked for it, is no longer active.`;
  if (!holdsOne(request.requester_roles, rule.asks))
    return `${request.requester_name}, who asked for it, no longer holds ${listed(rule.asks)}.`;
  return votesLack(request) ?? storedProblem(request);
}
