import { isFollowed } from "@/server/live/series.catalogue";
import type { ReplicaState, StreamState } from "@/server/live/snapshot";

/** Series of a stream and of its groups that can be watched, the fullest figures first. */
export const seriesOfStream = ({ name, groups }: Pick<StreamState, "name" | "groups">): readonly string[] => [
  `stream:${name}:length`,
  `stream:${name}:rate`,
  ...groups.flatMap(({ group }) => [`group:${name}:${group}:pending`, `group:${name}:${group}:unread`]),
];

/** Series of a replica that can be watched. */
export const seriesOfReplica = ({ id, metrics }: Pick<ReplicaState, "id" | "metrics">): readonly string[] => [
  `replica:${id}:ready`,
  ...Object.keys(metrics)
    .filter(isFollowed)
    .sort()
    .map((metric) => `replica:${id}:${metric}`),
];
