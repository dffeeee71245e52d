"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/panel-state-of";
import { useTRPC } from "@/components/live/trpc";

/**
 * The acts on one run. Each resolves to whether the server accepted it; a refusal is shown as the server worded it, and the run
 * is read again either way, so that a page that was behind catches up.
 */
export function useRunActs(runId: string) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const settled = {
    onError: (error: unknown) => void toast.error(reasonOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.playbooks.pathKey() }),
  };
  const confirmSubject = useMutation(trpc.playbooks.confirmSubject.mutationOptions(settled));
  const revoke = useMutation(trpc.playbooks.revoke.mutationOptions(settled));
  const sweepAgain = useMutation(trpc.playbooks.sweepAgain.mutationOptions(settled));
  const publishAgain = useMutation(trpc.playbooks.publishAgain.mutationOptions(settled));
  const startWaiting = useMutation(trpc.playbooks.startWaiting.mutationOptions(settled));
  const tick = useMutation(trpc.playbooks.tick.mutationOptions(settled));
  const finish = useMutation(trpc.playbooks.finish.mutationOptions(settled));
  const abandon = useMutation(trpc.playbooks.abandon.mutationOptions(settled));
  const takeOver = useMutation(trpc.playbooks.takeOver.mutationOptions(settled));
  const all = [confirmSubject, revoke, sweepAgain, publishAgain, startWaiting, tick, finish, abandon, takeOver];

  return {
    sending: all.some((act) => act.isPending),
    confirmSubject: () => accepted(confirmSubject.mutateAsync({ runId })),
    revoke: (reason: string) => accepted(revoke.mutateAsync({ runId, reason })),
    sweepAgain: () => accepted(sweepAgain.mutateAsync({ runId })),
    publishAgain: () => accepted(publishAgain.mutateAsync({ runId })),
    startWaiting: () => accepted(startWaiting.mutateAsync({ runId })),
    tick: (item: string) => accepted(tick.mutateAsync({ runId, item })),
    skip: (item: string, skippedReason: string) => accepted(tick.mutateAsync({ runId, item, skippedReason })),
    finish: () => accepted(finish.mutateAsync({ runId })),
    abandon: (reason: string) => accepted(abandon.mutateAsync({ runId, reason })),
    takeOver: () => accepted(takeOver.mutateAsync({ runId })),
  };
}

export type RunActs = ReturnType<typeof useRunActs>;

/** The refusal itself is told by onError above; callers only need to know whether to go on. */
const accepted = (answer: Promise<unknown>) =>
  answer.then(
    () => true,
    () => false,
  );
