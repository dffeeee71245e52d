/** Whole, evenly spaced ticks from 0 to just above `max`: three to five of them, in steps of 1, 2 or 5 times a power of ten. */
export function countTicks(max: number): readonly number[] {
  const wanted = Math.max(1, max) / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10) * power;
  const steps = Math.max(2, Math.ceil(Math.max(1, max) / step));
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}

/** Whole UTC minutes, hours or days inside [from, until], about four of them. Epoch milliseconds. */
export function minuteTicks(from: number, until: number): readonly number[] {
  const span = until - from;
  const minute = 60_000;
  const step =
    [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1_440].find((minutes) => span / (minutes * minute) <= 4) ??
    Math.ceil(span / (4 * 1_440 * minute)) * 1_440;
  const first = Math.ceil(from / (step * minute)) * step * minute;
  return Array.from({ length: Math.max(0, Math.floor((until - first) / (step * minute)) + 1) }, (_, index) => {
    return first + index * step * minute;
  });
}
