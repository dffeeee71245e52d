import type { Series } from "@/server/live/snapshot";

export type ChartLine = { readonly key: string; readonly label: string };
/** One row per moment: `at` in epoch ms and one value per line's index ("v0", "v1"); null is a gap. */
type ChartRow = { readonly at: number; readonly [line: `v${number}`]: number | null };
export type LineChartData = {
  readonly rows: readonly ChartRow[];
  readonly lines: readonly (ChartLine & {
    readonly index: number;
    readonly last: number | null;
    readonly max: number | null;
  })[];
  readonly from: number;
  readonly until: number;
  readonly empty: boolean;
};

const gapFactor = 4;
/** The collector looks every 5 s while nobody watches and every second while somebody does: neither is a silence. */
const shortestGap = 15_000;

function typicalStep(times: readonly number[]): number {
  const steps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  steps.sort((left, right) => left - right);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/**
 * Lays several series on one time axis of the last `minutes`. Moments are gathered to whole seconds; a silence much longer
 * than the usual step becomes a gap in every line, never a straight line across it.
 */
export function lineChartData(
  lines: readonly ChartLine[],
  history: ReadonlyMap<string, Series>,
  until: number,
  minutes: number,
): LineChartData {
  const from = until - minutes * 60_000;
  const moments = new Map<number, Record<`v${number}`, number | null>>();
  const described = lines.map((line, index) => {
    let last: number | null = null;
    let max: number | null = null;
    for (const [at, value] of history.get(line.key)?.points ?? []) {
      if (at < from || at > until + 1_000) continue;
      const moment = Math.round(at / 1_000) * 1_000;
      const row = moments.get(moment) ?? {};
      row[`v${index}`] = value;
      moments.set(moment, row);
      last = value;
      if (value !== null && (max === null || value > max)) max = value;
    }
    return { ...line, index, last, max };
  });
  const times = [...moments.keys()].sort((left, right) => left - right);
  const gap = Math.max(shortestGap, typicalStep(times) * gapFactor);
  const blank = Object.fromEntries(lines.map((_, index) => [`v${index}`, null]));
  const rows: ChartRow[] = [];
  for (const [index, at] of times.entries()) {
    const before = times[index - 1];
    if (before !== undefined && at - before > gap) rows.push({ at: before + 1_000, ...blank });
    rows.push({ at, ...blank, ...moments.get(at) });
  }
  return { rows, lines: described, from, until, empty: described.every((line) => line.max === null) };
}
