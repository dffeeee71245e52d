import type { GroupState, StreamState } from "@/server/live/snapshot";

/** A group that has read everything, for tests to change. */
export const aGroup = (rest: Partial<GroupState> = {}): GroupState => ({
  stream: "caracal.sessions.revoke",
  group: "gateway-revocation",
  consumers: [],
  consumerCount: rest.consumers?.length ?? 0,
  silentCount: rest.consumers?.filter(({ idleMs }) => idleMs >= 60_000).length ?? 0,
  pending: 0,
  lag: 0,
  lastDeliveredId: "2000-0",
  entriesRead: null,
  readPerSecond: null,
  unreadEstimate: null,
  oldestPendingId: null,
  oldestPendingIdleMs: null,
  maxDeliveries: null,
  pendingSample: [],
  lost: false,
  verdict: "all-read",
  ...rest,
});

/** A stream of ten entries over ids 1000-0 to 2000-0, for tests to change. */
export const aStream = (groups: readonly GroupState[], rest: Partial<StreamState> = {}): StreamState => ({
  name: "caracal.sessions.revoke",
  length: 10,
  firstId: "1000-0",
  lastId: "2000-0",
  entriesAdded: 10,
  bound: 10_000,
  boundSeen: null,
  perSecond: 0,
  removedPerSecond: 0,
  removed: 0,
  bytes: null,
  bytesAt: null,
  groups,
  missingGroups: [],
  ...rest,
});
