import type { GroupState, StreamState } from "@/server/live/snapshot";

const weights: Readonly<Record<GroupState["verdict"], number>> = {
  lost: 5,
  behind: 3,
  pending: 3,
  "all-read": 0,
  idle: 0,
  "never-used": 0,
};

/** A stream of letters given up on: `.dlq` of audit ingestion, `.dead` of the other consumers. */
export function isDeadLetters(name: string): boolean {
  return name.endsWith(".dlq") || name.endsWith(".dead");
}

/** How much a stream wants a look, 0 is none: lost entries, dead letters, missing groups, backlog, over its bound. */
export function streamTrouble(stream: StreamState): number {
  const groups = stream.groups.reduce((worst, group) => Math.max(worst, weights[group.verdict]), 0);
  const dead = isDeadLetters(stream.name) && stream.length > 0 ? 4 : 0;
  const missing = stream.missingGroups.length > 0 ? 2 : 0;
  const over = stream.bound !== null && stream.length > stream.bound ? 1 : 0;
  return Math.max(groups, dead, missing, over);
}

/** Streams, the most troubled first, then by name; empty and unread ones stay in the list. */
export function byTrouble(streams: readonly StreamState[]): readonly StreamState[] {
  return [...streams].sort(
    (left, right) => streamTrouble(right) - streamTrouble(left) || left.name.localeCompare(right.name),
  );
}
