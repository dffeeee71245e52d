import type { ConsumerState } from "@/server/live/snapshot";

/** How long a consumer has been silent, as a step: drawn as a bar that fills up, so that it reads without colour. */
export type IdleStep = { readonly upTo: number; readonly label: string; readonly words: string };

/** Steps of idle age, youngest first; `upTo` in milliseconds, exclusive. */
export const idleSteps: readonly IdleStep[] = [
  { upTo: 10_000, label: "<10s", words: "under 10 s: alive" },
  { upTo: 60_000, label: "<1m", words: "10 s to 1 min" },
  { upTo: 600_000, label: "<10m", words: "1 to 10 min: silent" },
  { upTo: 3_600_000, label: "<1h", words: "10 min to 1 h" },
  { upTo: 86_400_000, label: "<1d", words: "1 h to 1 day" },
  { upTo: Number.POSITIVE_INFINITY, label: "1d+", words: "a day or more: left behind" },
];

export type HeatCell = {
  readonly name: string;
  readonly step: number; // index into idleSteps
  readonly pending: number;
  readonly idleMs: number;
};
export type IdleHeat = {
  readonly cells: readonly HeatCell[]; // longest silent first
  readonly counts: readonly { readonly step: number; readonly consumers: number; readonly holding: number }[];
};

/** Consumers as cells by how long they have been silent, and how many stand at each step, those that hold entries counted apart. Pure. */
export function idleHeat(consumers: readonly ConsumerState[]): IdleHeat {
  const cells = consumers
    .map(({ name, idleMs, pending }) => ({
      name,
      pending,
      idleMs,
      step: idleSteps.findIndex(({ upTo }) => idleMs < upTo),
    }))
    .sort((a, b) => b.idleMs - a.idleMs || (a.name < b.name ? -1 : 1));
  const counts = idleSteps.map((_, step) => {
    const here = cells.filter((cell) => cell.step === step);
    return { step, consumers: here.length, holding: here.filter(({ pending }) => pending > 0).length };
  });
  return { cells, counts };
}
