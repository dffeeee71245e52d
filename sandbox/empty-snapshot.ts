import type { Snapshot } from "@/server/live/snapshot";

/** What a collector gives that has seen nothing. */
export const emptySnapshot: Snapshot = {
  at: 0,
  deployment: "stage",
  release: null,
  sources: [],
  streams: [],
  replicas: [],
  signals: [],
  counts: {},
  unseen: [],
};
