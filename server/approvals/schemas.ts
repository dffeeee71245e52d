import { z } from "zod";
import { actionNames } from "@/server/auth/action-policy";
import type { Blast, Json } from "@/server/approvals/approved-action";
import { allTheSame } from "@/server/investigation/schemas";
import { pageInput, writtenText } from "@/server/platform/page";
import type { Severity } from "@/server/platform/severity";

export const approvalStates = ["pending", "approved", "denied", "cancelled", "expired", "void", "executed"] as const;
export type ApprovalState = (typeof approvalStates)[number];

const digest = z.string().regex(/^[0-9a-f]{64}$/);
export const requestApprovalInput = allTheSame.extend({
  action: z.enum(actionNames as readonly [(typeof actionNames)[number], ...typeof actionNames]),
  parameters: z.record(z.string().max(60), z.unknown()), // checked by the action itself
  incidentId: z.uuid().nullish(), // none: one is declared with the action's severity
  reason: writtenText(500).min(4),
});
/** What would be frozen, without asking for it: the screen before the request. */
export const previewApprovalInput = requestApprovalInput.pick({ action: true, parameters: true });
export const approvalInput = z.object({ approvalId: z.uuid() });
export const voteInput = z.object({
  approvalId: z.uuid(),
  digest, // of what was on the screen
  vote: z.enum(["approve", "deny"]),
  comment: writtenText(500).default(""),
});
export const cancelInput = z.object({ approvalId: z.uuid(), reason: writtenText(500).min(4) });
export const executeInput = allTheSame.extend({ approvalId: z.uuid(), digest });
export const listApprovalsInput = z.object({
  ...pageInput(100, 30),
  show: z.enum(["open", "ended", "all"]).default("open"),
  incidentId: z.uuid().nullish(),
});
export const reauthenticateInput = z.object({ password: z.string().min(1).max(500) });

const credential = z.string().min(1).max(500);
export const breakGlassAskInput = z.object({ secret: credential, reason: writtenText(500).min(4) });
export const breakGlassConfirmInput = z.object({ id: z.uuid(), secret: credential });
export const breakGlassEndInput = z.object({ id: z.uuid() });
export const breakGlassReviewInput = z.object({ id: z.uuid(), review: writtenText(4_000).min(4) });

export type VoteView = {
  readonly voter: { readonly id: string; readonly name: string; readonly roles: readonly string[] };
  readonly vote: "approve" | "deny";
  readonly comment: string;
  readonly castAt: string;
  readonly expiresAt: string;
  readonly withdrawnAt: string | null;
  readonly counts: boolean; // still active, in role, unexpired, not withdrawn
  readonly whyNot: string | null;
};

export type ApprovalSummary = {
  readonly id: string;
  readonly action: string;
  readonly label: string;
  readonly severity: Severity;
  readonly state: ApprovalState; // by the database's clock: an overdue request reads as expired
  readonly reason: string;
  readonly requester: { readonly id: string; readonly name: string };
  readonly incident: { readonly id: string; readonly number: number; readonly title: string } | null;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly votes: number; // that count
  readonly votesNeeded: number;
  readonly lacksSecurity: boolean; // one of the votes has to be from security, and none that counts is; false once it has ended
  readonly targetCount: number;
  readonly blast: Blast;
  readonly mine: "requester" | "may-vote" | "voted" | "none";
};

export type ApprovalView = ApprovalSummary & {
  readonly investigationReason: string | null;
  readonly parameters: Json;
  readonly targets: readonly string[]; // the first 200
  readonly targetsDigest: string;
  readonly preconditions: Json;
  readonly playbookVersion: string;
  readonly nonce: string;
  readonly digest: string;
  readonly canonical: string; // the exact text whose SHA-256 the digest is
  readonly securityNeeded: boolean;
  readonly stateReason: string | null;
  readonly decidedAt: string | null;
  readonly executed: { readonly at: string; readonly by: string; readonly ref: string } | null;
  readonly voteList: readonly VoteView[];
  readonly changed: string | null; // what is different now from what was frozen; null: nothing changed since the request
  readonly changedUnknown: string | null; // why that cannot be told just now
  readonly may: {
    readonly vote: string | null; // null: yes; else why not
    readonly withdraw: string | null;
    readonly cancel: string | null;
    readonly execute: string | null;
  };
  readonly reauthentication: {
    readonly fresh: boolean;
    readonly method: "local" | "oidc";
    readonly until: string | null;
  };
};
