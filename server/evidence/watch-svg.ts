const width = 640;
const height = 120;

type Watch = {
  readonly label: string;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly points: readonly (readonly [at: number, value: number | null])[];
};

/** A watched figure as a line in a document: one stroke from gap to gap, on a scale from 0 to its highest. Pure; gives inert markup. */
export function watchSvg({ points, highest }: Watch): string {
  const from = points[0]?.[0] ?? 0;
  const span = Math.max(1, (points.at(-1)?.[0] ?? 0) - from);
  const scale = Math.max(1, highest ?? 0);
  const strokes: string[][] = [[]];
  for (const [at, value] of points) {
    if (value === null) strokes.push([]);
    else
      strokes
        .at(-1)
        ?.push(`${(((at - from) / span) * width).toFixed(1)},${(height - (value / scale) * height).toFixed(1)}`);
  }
  const lines = strokes
    .filter((stroke) => stroke.length > 0)
    .map(
      (stroke) =>
        `<polyline points="${stroke.join(" ")}" fill="none" stroke="#111" stroke-width="1.5" stroke-linecap="round"/>`,
    );
  return `<svg viewBox="-2 -2 ${width + 4} ${height + 4}" width="100%" height="${height}" preserveAspectRatio="none" role="img" aria-label="line">${lines.join("")}</svg>`;
}
