import { droppedCounters } from "@/server/caracal/services/restarts";
import type { Before, Seen } from "@/server/services/restarts/restart-rows";
import type { Asked } from "@/server/services/restarts/standing-now";

type Watched = Readonly<Record<string, Seen>>;

/**
 * What is known of each replica after one more look: that it answered nothing twice in a row and did before, that it answers and did not before, that its
 * counters began anew (trap 15), and since when it is ready, which a later look that it is not takes back. Pure.
 */
export function noteRestart(
  seen: Watched,
  before: Readonly<Record<string, Before>>,
  asked: readonly Asked[],
  at: string,
): Watched {
  return Object.fromEntries(
    asked.map(({ address, reading }): [string, Seen] => {
      const was = seen[address.id] ?? {};
      const first = before[address.id];
      const fell =
        first?.metrics != null &&
        reading.metrics !== null &&
        droppedCounters(first.metrics, reading.metrics).length > 0;
      // Being away shows nothing of one that was away all along; what shows is that it answers.
      const missed = !reading.reachable && ((first?.reachable ?? true) || was.readyAt != null || was.missedAt != null);
      const away = missed && was.missedAt != null; // a single missed look says nothing
      const back = first?.reachable === false && reading.reachable;
      return [
        address.id,
        {
          ...was,
          missedAt: missed ? (was.missedAt ?? at) : null,
          ...(was.awayAt === undefined && away ? { awayAt: was.missedAt ?? at } : {}),
          ...(was.backAt === undefined && back ? { backAt: at } : {}),
          ...(was.fellAt === undefined && fell ? { fellAt: at } : {}),
          readyAt: reading.ready ? (was.readyAt ?? at) : null,
        },
      ];
    }),
  );
}

const wasRestarted = ({ awayAt, backAt, fellAt }: Seen): boolean =>
  awayAt !== undefined || backAt !== undefined || fellAt !== undefined;

/** Every replica is ready, and each was seen to have been restarted. Pure. */
export const isRestarted = (seen: Watched, replicas: readonly string[]): boolean =>
  isReady(seen, replicas) && replicas.every((replica) => wasRestarted(seen[replica] ?? {}));

/** Every replica is ready, whatever is known of a restart. Pure. */
export const isReady = (seen: Watched, replicas: readonly string[]): boolean =>
  replicas.every((replica) => seen[replica]?.readyAt != null);
