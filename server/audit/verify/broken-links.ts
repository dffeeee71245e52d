import type { Place } from "@/server/audit/verify/finding";

/** `lost`: the row before it is nowhere, and the numbers were closed up behind it. `moved`: it stands elsewhere than it belongs. */
export type BrokenLink = { readonly kind: "lost" | "moved"; readonly place: Place };

/**
 * Tells what broken links mean out of the rows around them: each begins a run of rows that hang together; a run's true place is behind
 * its first row's true predecessor. `window` in the order of the chain, `broken` some of it in the same order. Pure.
 */
export function explainBroken(window: readonly Place[], broken: readonly Place[]): BrokenLink[] {
  const starts = new Set(broken);
  const byContent = new Map(window.map((place) => [place.content, place]));
  const runs = new Map<Place, Place | null>(); // the start of the run that a row is in; null: the one before any broken link
  let run: Place | null = null;
  for (const place of window) {
    if (starts.has(place)) run = place;
    runs.set(place, run);
  }
  const shifts = new Map<Place, number | null>(); // how far a run stands from its true place; null: its predecessor is gone

  /** Follows predecessors from run to run until one is known, is nowhere, or comes round again; then back. */
  const shiftOf = (first: Place): number | null => {
    const path: Place[] = [];
    const onPath = new Set<Place>();
    let next: Place | null = first;
    let known = 0;
    while (next !== null) {
      const start: Place = next;
      const settled = shifts.get(start);
      if (settled !== undefined) {
        known = settled ?? 0;
        break;
      }
      const before = start.prev === null ? undefined : byContent.get(start.prev);
      if (before === undefined || onPath.has(start)) {
        const shift = start.prev === null && start.seq !== 1 ? start.seq - 1 : null;
        if (!onPath.has(start)) shifts.set(start, shift);
        known = shift ?? 0;
        break;
      }
      path.push(start);
      onPath.add(start);
      next = runs.get(before) ?? null;
    }
    for (const start of path.reverse()) {
      const before = byContent.get(start.prev ?? "") as Place;
      known = start.seq - (before.seq - known + 1);
      shifts.set(start, known);
    }
    return shifts.get(first) ?? null;
  };

  const told: BrokenLink[] = [];
  const indexOf = new Map(window.map((place, index) => [place, index]));
  for (const start of broken) {
    const shift = shiftOf(start);
    if (shift === null) told.push({ kind: "lost", place: start });
    else if (shift !== 0)
      for (let index = indexOf.get(start) ?? 0; index < window.length; index += 1) {
        const place = window[index] as Place;
        if (place !== start && starts.has(place)) break;
        told.push({ kind: "moved", place });
      }
  }
  return told;
}
