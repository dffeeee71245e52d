"use client";

import { useQueryClient } from "@tanstack/react-query";
import { boardChanges } from "@/components/live/board-changes";
import { useLiveStore } from "@/components/live/live-hooks";
import { useTRPC } from "@/components/live/trpc";
import type { Board } from "@/server/incidents/schemas";

/** Takes a board into the tab's store, and has pages ask again for what changed on it and for nothing else. */
export function useBoardTaker(): (board: Board) => void {
  const store = useLiveStore();
  const client = useQueryClient();
  const trpc = useTRPC();
  return (board) => {
    const { incidents, approvals } = boardChanges(store.board(), board);
    store.takeBoard(board);
    for (const incidentId of incidents)
      void client.invalidateQueries({ queryKey: trpc.incidents.get.queryKey({ incidentId }) });
    for (const approvalId of approvals)
      void client.invalidateQueries({ queryKey: trpc.approvals.get.queryKey({ approvalId }) });
    if (incidents.length > 0) {
      void client.invalidateQueries({ queryKey: trpc.incidents.list.pathKey() });
      void client.invalidateQueries({ queryKey: trpc.signals.open.pathKey() });
    }
    if (approvals.length > 0) void client.invalidateQueries({ queryKey: trpc.approvals.list.pathKey() });
  };
}
