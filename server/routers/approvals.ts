import type { ApprovalContext } from "@/server/approvals/act-on-request";
import {
  askBreakGlass,
  type BreakGlassContext,
  confirmBreakGlass,
  endBreakGlass,
  reviewBreakGlass,
} from "@/server/approvals/break-glass";
import { breakGlassState } from "@/server/approvals/break-glass-state";
import { previewApproval, requestApproval } from "@/server/approvals/ask";
import { executeRequest } from "@/server/approvals/execute";
import { getRequest, listRequests } from "@/server/approvals/read-requests";
import {
  approvalInput,
  breakGlassAskInput,
  breakGlassConfirmInput,
  breakGlassEndInput,
  breakGlassReviewInput,
  cancelInput,
  executeInput,
  listApprovalsInput,
  previewApprovalInput,
  reauthenticateInput,
  requestApprovalInput,
  voteInput,
} from "@/server/approvals/schemas";
import { cancelRequest, castVote, withdrawVote } from "@/server/approvals/vote";
import { reauthenticate } from "@/server/auth/reauthenticate";
import type { Actor } from "@/server/auth/roles";
import type { Console } from "@/server/runtime/console";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; signInId: string; console: Console }): ApprovalContext => ({
  db: ctx.console.db,
  actor: ctx.actor,
  signInId: ctx.signInId,
  actions: ctx.console.actions,
});

const glass = (ctx: { actor: Actor; signInId: string; console: Console }): BreakGlassContext => ({
  db: ctx.console.db,
  actor: ctx.actor,
  signInId: ctx.signInId,
  secretHash: ctx.console.settings.BREAK_GLASS_SECRET_HASH,
});

export const approvalsRouter = router({
  list: procedure.input(listApprovalsInput).query(({ ctx, input }) => listRequests({ ctx: by(ctx), input })),
  get: procedure.input(approvalInput).query(({ ctx, input }) => getRequest({ ctx: by(ctx), input })),
  preview: procedure.input(previewApprovalInput).query(({ ctx, input }) => previewApproval({ ctx: by(ctx), input })),
  request: procedure.input(requestApprovalInput).mutation(({ ctx, input }) => requestApproval({ ctx: by(ctx), input })),
  vote: procedure.input(voteInput).mutation(({ ctx, input }) => castVote({ ctx: by(ctx), input })),
  withdraw: procedure.input(approvalInput).mutation(({ ctx, input }) => withdrawVote({ ctx: by(ctx), input })),
  cancel: procedure.input(cancelInput).mutation(({ ctx, input }) => cancelRequest({ ctx: by(ctx), input })),
  execute: procedure.input(executeInput).mutation(({ ctx, input }) => executeRequest({ ctx: by(ctx), input })),
  reauthenticate: procedure
    .input(reauthenticateInput)
    .mutation(({ ctx, input }) => reauthenticate({ ctx: by(ctx), input })),
  breakGlassState: procedure.query(({ ctx }) => breakGlassState({ ctx: glass(ctx) })),
  breakGlassAsk: procedure
    .input(breakGlassAskInput)
    .mutation(({ ctx, input }) => askBreakGlass({ ctx: glass(ctx), input })),
  breakGlassConfirm: procedure
    .input(breakGlassConfirmInput)
    .mutation(({ ctx, input }) => confirmBreakGlass({ ctx: glass(ctx), input })),
  breakGlassEnd: procedure
    .input(breakGlassEndInput)
    .mutation(({ ctx, input }) => endBreakGlass({ ctx: glass(ctx), input })),
  breakGlassReview: procedure
    .input(breakGlassReviewInput)
    .mutation(({ ctx, input }) => reviewBreakGlass({ ctx: glass(ctx), input })),
});
