import type { ConsumerState } from "@/server/live/snapshot";

/** From here on a consumer counts as silent: a living one asks every few seconds, whether it is given something or not. */
export const silentMs = 60_000;

export type ConsumerPicture = {
  readonly consumers: readonly ConsumerState[]; // those worth showing, at most `shown`
  readonly consumerCount: number;
  readonly silentCount: number;
};

export type ConsumerWatch = {
  /** Whether XINFO CONSUMERS is to be asked now. Its cost grows with the consumers, so a crowd is looked at less often. */
  due(stream: string, group: string, count: number, now: number): boolean;
  note(stream: string, group: string, consumers: readonly ConsumerState[], now: number): void;
  picture(stream: string, group: string): ConsumerPicture;
};

const crowd = 50;
const crowdEveryMs = 10_000;
const shown = 20;
const none: ConsumerPicture = { consumers: [], consumerCount: 0, silentCount: 0 };

/** Those that hold pending entries first, then the longest silent: what an engineer looks for. */
export const byTrouble = (a: ConsumerState, b: ConsumerState): number =>
  Number(b.pending > 0) - Number(a.pending > 0) || b.idleMs - a.idleMs || (a.name < b.name ? -1 : 1);

/** Remembers the consumers of each group between looks, cut to what a screen of many viewers can carry. */
export function createConsumerWatch(): ConsumerWatch {
  const seen = new Map<string, { at: number; picture: ConsumerPicture }>();
  const keyOf = (stream: string, group: string) => `${stream}\n${group}`;
  return {
    due(stream, group, count, now) {
      const last = seen.get(keyOf(stream, group));
      return last === undefined || count <= crowd || now - last.at >= crowdEveryMs;
    },
    note(stream, group, consumers, now) {
      const picture = {
        consumers: [...consumers].sort(byTrouble).slice(0, shown),
        consumerCount: consumers.length,
        silentCount: consumers.filter(({ idleMs }) => idleMs >= silentMs).length,
      };
      seen.set(keyOf(stream, group), { at: now, picture });
    },
    picture: (stream, group) => seen.get(keyOf(stream, group))?.picture ?? none,
  };
}
