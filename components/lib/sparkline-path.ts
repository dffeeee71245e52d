import type { SeriesPoint } from "@/server/live/snapshot";

export type SparklineShape = {
  readonly line: string; // svg path; a gap (null) lifts the pen
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
};

/** Lays `points` of the window [until - windowMs, until] on a width × height box. A flat line sits at the bottom; null is a gap, never zero. */
export function sparklineShape(
  points: readonly SeriesPoint[],
  box: { readonly width: number; readonly height: number; readonly until: number; readonly windowMs: number },
): SparklineShape {
  const from = box.until - box.windowMs;
  const inside = points.filter(([at]) => at >= from && at <= box.until);
  const values = inside.flatMap(([, value]) => (value === null ? [] : [value]));
  if (values.length === 0) return { line: "", last: null, min: null, max: null };
  const min = Math.min(...values);
  const max = Math.max(...values);
  const span = max - min;
  const base = Math.min(0, min);
  const x = (at: number) => ((at - from) / box.windowMs) * box.width;
  const y = (value: number) => {
    const share = span === 0 ? (value === base ? 0 : 0.5) : (value - min) / span;
    return box.height - 1 - share * (box.height - 2);
  };
  let pen = false;
  let line = "";
  for (const [at, value] of inside) {
    if (value === null) {
      pen = false;
      continue;
    }
    line += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    if (!pen) line += "h0.01";
    pen = true;
  }
  return { line, last: values.at(-1) ?? null, min, max };
}
