import type { Series, SeriesPoint } from "@/server/live/snapshot";

export type HistoryReader = {
  /** The value `windowMs` ago (the newest point at least that old, else the oldest there is); null when unknown. */
  past(key: string, windowMs: number, now: number): number | null;
  /** How much a counter rose within the window, a fall counted as a restart from 0 (trap 15); null with fewer than two points. */
  increase(key: string, windowMs: number, now: number): number | null;
};

export type History = HistoryReader & {
  push(at: number, values: ReadonlyMap<string, number | null>): void;
  /** At most 240 points a series; gaps are null. Unknown keys are left out. */
  series(keys: readonly string[], minutes: number, now: number): Series[];
};

const capacity = 1_200; // 20 minutes of one a second, 100 of one in five
const maxSeries = 1_000;
const maxPoints = 240;
const silenceMs = 15_000; // nothing noted for longer than this is a gap too

type Ring = { at: Float64Array; value: Float64Array; start: number; size: number };

/** A short memory of figures in fixed-size rings: what it costs does not grow with time. NaN stands for a gap inside. */
export function createHistory(): History {
  const rings = new Map<string, Ring>();

  function* points(key: string, from: number): Generator<readonly [number, number]> {
    const ring = rings.get(key);
    if (ring === undefined) return;
    for (let offset = 0; offset < ring.size; offset++) {
      const index = (ring.start + offset) % capacity;
      const at = ring.at[index] ?? 0;
      if (at >= from) yield [at, ring.value[index] ?? Number.NaN];
    }
  }

  return {
    push(at, values) {
      for (const [key, value] of values) {
        let ring = rings.get(key);
        if (ring === undefined) {
          if (rings.size >= maxSeries) continue;
          ring = { at: new Float64Array(capacity), value: new Float64Array(capacity), start: 0, size: 0 };
          rings.set(key, ring);
        }
        const index = (ring.start + ring.size) % capacity;
        ring.at[index] = at;
        ring.value[index] = value ?? Number.NaN;
        if (ring.size < capacity) ring.size += 1;
        else ring.start = (ring.start + 1) % capacity;
      }
    },
    past(key, windowMs, now) {
      let found: number | null = null;
      for (const [at, value] of points(key, 0)) {
        if (Number.isNaN(value)) continue;
        if (found !== null && at > now - windowMs) break;
        found = value;
      }
      return found;
    },
    increase(key, windowMs, now) {
      let rise = 0;
      let seen = 0;
      let last = Number.NaN;
      for (const [, value] of points(key, now - windowMs)) {
        if (Number.isNaN(value)) continue;
        if (seen > 0) rise += value >= last ? value - last : value;
        last = value;
        seen += 1;
      }
      return seen < 2 ? null : rise;
    },
    series(keys, minutes, now) {
      const from = now - minutes * 60_000;
      const width = Math.max(1_000, (minutes * 60_000) / maxPoints);
      return keys.flatMap((key): Series[] => {
        if (!rings.has(key)) return [];
        const inWindow = [...points(key, from)];
        const thin = inWindow.length > maxPoints;
        const list: SeriesPoint[] = [];
        let bucket = -1;
        let lastAt = 0;
        for (const [at, value] of inWindow) {
          if (list.length > 0 && at - lastAt > silenceMs) list.push([lastAt + silenceMs, null]);
          const point: SeriesPoint = [at, Number.isNaN(value) ? null : value];
          const here = Math.floor((at - from) / width);
          // The last of a bucket stands for it, but a gap is never painted over.
          if (thin && here === bucket && list.length > 0 && list.at(-1)?.[1] !== null) list[list.length - 1] = point;
          else if (!thin || here !== bucket || list.at(-1)?.[1] !== null) list.push(point);
          bucket = here;
          lastAt = at;
        }
        return [{ key, points: list }];
      });
    },
  };
}
