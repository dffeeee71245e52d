import type { Series, SeriesPoint } from "@/server/live/snapshot";

/** A rising count as its rate a minute between neighbouring points. A fall (a restart) or a gap has no rate: null. */
export function perMinute(series: Series): Series {
  const points: SeriesPoint[] = [];
  let before: SeriesPoint | null = null;
  for (const point of series.points) {
    const [at, value] = point;
    if (before !== null) {
      const [beforeAt, was] = before;
      const seconds = (at - beforeAt) / 1_000;
      const known = value !== null && was !== null && value >= was && seconds > 0;
      points.push([at, known ? Math.round(((value - was) / seconds) * 600) / 10 : null]);
    }
    before = point;
  }
  return { key: series.key, points };
}
