"use client";

import { useQuery } from "@tanstack/react-query";
import { useBoard, useSnapshot } from "@/components/live/live-hooks";
import { useTRPC } from "@/components/live/trpc";

/** What waits behind each page of the rail: signals that are wrong, open incidents and approvals, and runs of the newest hundred that are not over. */
export function useNavCounts(): Readonly<Record<string, number>> {
  const snapshot = useSnapshot();
  const board = useBoard();
  const trpc = useTRPC();
  const runs = useQuery(trpc.playbooks.runs.queryOptions({ limit: 100 }, { refetchInterval: 10_000 }));
  const open = runs.data?.rows.filter((run) => run.state !== "done" && run.state !== "abandoned") ?? [];
  return {
    "/": snapshot.signals.filter((signal) => signal.noise === null).length,
    "/incidents": board.incidents.length,
    "/playbooks": open.length,
    "/approvals": board.approvals.length,
  };
}
