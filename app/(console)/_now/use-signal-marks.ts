"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTRPC } from "@/components/live/trpc";
import type { SignalMark } from "./signal-marks";

/** What people have said about the signals that are open, by key; empty until the first answer. */
export function useSignalMarks(): ReadonlyMap<string, SignalMark> {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.signals.open.queryOptions(undefined, { refetchInterval: 5_000 }));
  return useMemo(() => new Map((data ?? []).map((mark) => [mark.key, mark])), [data]);
}
