"use client";

import { useSnapshot } from "@/components/live/live-hooks";

/** What waits behind each page of the rail; a page without a figure has none. */
export function useNavCounts(): Readonly<Record<string, number>> {
  const snapshot = useSnapshot();
  return {
    "/": snapshot.signals.filter((signal) => signal.noise === null).length,
    "/playbooks": snapshot.counts.open_runs ?? 0,
  };
}
