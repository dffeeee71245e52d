import { sparklineShape } from "@/components/lib/sparkline-path";
import type { Series } from "@/server/live/snapshot";

const width = 96;
const height = 20;

/** The last `minutes` of a series as a line of 96 × 20. What it says stands in its label; nothing to draw leaves the place empty. */
export function Sparkline({
  series,
  label,
  until,
  minutes = 15,
}: {
  series: Series | undefined;
  label: string;
  until: number;
  minutes?: number;
}) {
  const shape = sparklineShape(series?.points ?? [], { width, height, until, windowMs: minutes * 60_000 });
  const words =
    shape.last === null
      ? `${label}: no figures in the last ${minutes} minutes`
      : `${label}, last ${minutes} minutes: from ${shape.min} to ${shape.max}, now ${shape.last}`;
  return (
    <svg
      role="img"
      aria-label={words}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      className="shrink-0"
    >
      <title>{words}</title>
      <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} className="stroke-border" strokeWidth="1" />
      <path
        d={shape.line}
        fill="none"
        className="stroke-foreground"
        strokeWidth="1.5"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
