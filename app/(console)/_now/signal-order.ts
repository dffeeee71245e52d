import type { Signal } from "@/server/live/snapshot";

/** Signals worst first; within one severity the longest standing first. Known noise is kept apart: it is never red. */
export function splitSignals(signals: readonly Signal[]): {
  readonly wrong: readonly Signal[];
  readonly noise: readonly Signal[];
} {
  const ordered = [...signals].sort(
    (left, right) =>
      left.severity.localeCompare(right.severity) || left.since - right.since || left.key.localeCompare(right.key),
  );
  return {
    wrong: ordered.filter((signal) => signal.noise === null),
    noise: ordered.filter((signal) => signal.noise !== null),
  };
}

/**
 * The list as it is shown while the pointer rests on it: what was there keeps its place with its newest figures, what came
 * since goes below, what ended leaves.
 */
export function holdOrder(heldKeys: readonly string[], signals: readonly Signal[]): readonly Signal[] {
  const byKey = new Map(signals.map((signal) => [signal.key, signal]));
  const held = heldKeys.flatMap((key) => byKey.get(key) ?? []);
  const shown = new Set(heldKeys);
  return [...held, ...signals.filter((signal) => !shown.has(signal.key))];
}
