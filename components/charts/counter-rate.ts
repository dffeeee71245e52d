import type { Series, SeriesPoint } from "@/server/live/snapshot";

/** Rates are read over this long: between two looks a second apart, one request would read as sixty a minute. */
const windowMs = 30_000;

/**
 * A rising count as its rate a minute, read over up to 30 s before each point. A fall (a restart) or a gap (null) has no rate,
 * and nothing is read across one.
 */
export function perMinute(series: Series): Series {
  const points: SeriesPoint[] = [];
  let known: (readonly [at: number, value: number])[] = [];
  for (const [index, [at, value]] of series.points.entries()) {
    const last = known.at(-1);
    const broken = value === null || last === undefined || value < last[1] || at <= last[0];
    if (broken) known = [];
    if (value !== null) known.push([at, value]);
    while (known.length > 2 && (known[0]?.[0] ?? at) < at - windowMs) known.shift();
    if (index === 0) continue;
    const first = known[0];
    points.push([at, broken || value === null || first === undefined ? null : rate(value - first[1], at - first[0])]);
  }
  return { key: series.key, points };
}

function rate(rise: number, ms: number): number {
  const perMinute = (rise / ms) * 60_000;
  return perMinute >= 10 ? Math.round(perMinute) : Math.round(perMinute * 10) / 10;
}
