"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { useSyncExternalStore } from "react";
import { useLiveStore } from "@/components/live/live-hooks";
import { useBoardTaker } from "@/components/live/use-board-taker";
import { useTRPC } from "@/components/live/trpc";

/** The one subscription of the tab. Draws nothing; feeds the store. Watching another run opens it anew, resumed at once by the newest snapshot. */
export function LiveLink() {
  const trpc = useTRPC();
  const store = useLiveStore();
  const runs = useSyncExternalStore(store.subscribe, store.watched, store.watched);
  const takeBoard = useBoardTaker();
  useSubscription(
    trpc.system.live.subscriptionOptions(
      { runs: [...runs] },
      {
        onData(event) {
          store.takeConnection({ kind: "live" });
          const message = event.data;
          if (message.kind === "snapshot") store.takeSnapshot(message.snapshot);
          else if (message.kind === "board") takeBoard(message.board);
          else store.takeRun(message.run);
        },
        onError(error) {
          store.takeConnection(
            error.data?.code === "UNAUTHORIZED"
              ? { kind: "signed-out" }
              : { kind: "reconnecting", since: Date.now(), reason: error.message },
          );
        },
        onConnectionStateChange(change) {
          if (change.state === "connecting" && change.error)
            store.takeConnection({ kind: "reconnecting", since: Date.now(), reason: change.error.message });
        },
      },
    ),
  );
  return null;
}
