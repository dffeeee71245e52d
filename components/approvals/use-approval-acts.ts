"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/components/live/trpc";
import type { ApprovalView } from "@/server/approvals/schemas";

/**
 * The acts on one request. Votes and the execution carry the digest of what is on this screen. Each promise fails with the
 * server's refusal; the request is read again either way, so that a page that was behind catches up.
 */
export function useApprovalActs({ id, digest }: Pick<ApprovalView, "id" | "digest">) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: trpc.approvals.pathKey() }) };
  const vote = useMutation(trpc.approvals.vote.mutationOptions(settled));
  const withdraw = useMutation(trpc.approvals.withdraw.mutationOptions(settled));
  const cancel = useMutation(trpc.approvals.cancel.mutationOptions(settled));
  const execute = useMutation(trpc.approvals.execute.mutationOptions(settled));
  return {
    sending: [vote, withdraw, cancel, execute].some((act) => act.isPending),
    approve: (comment: string) => vote.mutateAsync({ approvalId: id, digest, vote: "approve", comment }),
    deny: (comment: string) => vote.mutateAsync({ approvalId: id, digest, vote: "deny", comment }),
    withdraw: () => withdraw.mutateAsync({ approvalId: id }),
    cancel: (reason: string) => cancel.mutateAsync({ approvalId: id, reason }),
    execute: () => execute.mutateAsync({ approvalId: id, digest }),
  };
}
