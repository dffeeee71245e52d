import type { LineChartData } from "@/components/charts/line-chart-data";
import type { WatchView } from "@/server/watches/schemas";

const shortest = 60_000;

/** One watch on its own axis of time. Gaps are those that were recorded: points stand closer or wider by age, so spacing says nothing. */
export function watchChartData({ series, label, points, highest, last }: WatchView): LineChartData {
  const from = points[0]?.[0] ?? 0;
  return {
    rows: points.map(([at, value]) => ({ at, v0: value })),
    lines: [{ key: series, label, index: 0, last, max: highest }],
    from,
    until: Math.max(from + shortest, points.at(-1)?.[0] ?? 0),
    empty: highest === null,
  };
}
