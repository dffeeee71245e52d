"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from "react";
import type { Connection, LiveStore } from "@/components/live/live-store";
import { useTRPC } from "@/components/live/trpc";
import type { Board } from "@/server/incidents/schemas";
import type { Series, Snapshot } from "@/server/live/snapshot";
import type { RunView } from "@/server/playbooks/schemas";

export const LiveContext = createContext<LiveStore | null>(null);

/** The tab's store, for the link and the hooks here. Throws outside of LiveProvider: a mistake of ours, not a state. */
export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error("LiveProvider is missing above this component");
  return store;
}

/** The newest snapshot of the deployment; changes in place about once a second. */
export function useSnapshot(): Snapshot {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.snapshot, store.renderedSnapshot);
}

/** Open incidents and approvals as this viewer may see them. Says nothing of what is closed. */
export function useBoard(): Board {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.board, store.renderedBoard);
}

/** How the live link stands. */
export function useConnection(): Connection {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.connection, store.renderedConnection);
}

/** A run as last seen on the live link; null until its first picture came. Watched while the component is shown. */
export function useRun(runId: string): RunView | null {
  const store = useLiveStore();
  const subscribe = useCallback((listener: () => void) => store.watchRun(runId, listener), [store, runId]);
  const read = useCallback(() => store.run(runId), [store, runId]);
  return useSyncExternalStore(subscribe, read, () => null);
}

const refreshMs = 5_000;

/** The last minutes of up to 50 series from the collector's memory, refreshed every 5 s. Unknown keys are absent from the map. */
export function useHistory(keys: readonly string[], minutes = 15): ReadonlyMap<string, Series> {
  const trpc = useTRPC();
  const wanted = [...new Set(keys)].sort().slice(0, 50);
  const query = useQuery(
    trpc.system.history.queryOptions(
      { keys: wanted, minutes },
      { enabled: wanted.length > 0, refetchInterval: refreshMs, placeholderData: keepPreviousData, retry: false },
    ),
  );
  const list = query.data;
  return useMemo(() => new Map((list ?? []).map((series) => [series.key, series])), [list]);
}
