import type { Board } from "@/server/incidents/schemas";
import type { Snapshot } from "@/server/live/snapshot";

type LiveEvent<Run> =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "board"; readonly board: Board };
export type LiveItem<Run> = { readonly id: string; readonly event: LiveEvent<Run> };

export type LiveFeedOptions<Run extends { readonly id: string; readonly revision: number }> = {
  readonly current: () => Snapshot;
  readonly subscribe: (listener: (snapshot: Snapshot) => void) => () => void;
  readonly runs: readonly string[];
  readonly subscribeRun: (runId: string, listener: (run: Run) => void) => () => void;
  /** The board as this viewer may see it; called again only when that has changed. */
  readonly subscribeBoard?: (listener: (board: Board) => void) => () => void;
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
  readonly minGapMs?: number; // between two snapshots to one viewer
  readonly clock?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

const standardGapMs = 200;

/** Resolves after `ms` or as soon as the viewer is gone; never rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

/**
 * What one browser tab is sent: the newest snapshot at once (unless `lastEventId` says that it has it), then each new one,
 * the watched runs and the board of open incidents. Listens first and replays then, so nothing falls between. A slow reader gets the newest of each
 * kind and never a queue. Ids order snapshots: "<epoch ms>".
 */
export async function* liveFeed<Run extends { readonly id: string; readonly revision: number }>(
  options: LiveFeedOptions<Run>,
): AsyncGenerator<LiveItem<Run>, void, void> {
  const { signal, clock = Date.now, wait = pause, minGapMs = standardGapMs } = options;
  let snapshot: Snapshot | null = null;
  const runs = new Map<string, Run>();
  let board: Board | null = null;
  let wake: (() => void) | null = null;
  const stir = () => {
    wake?.();
    wake = null;
  };
  const leave = [
    options.subscribe((next) => {
      snapshot = next;
      stir();
    }),
    ...options.runs.map((runId) =>
      options.subscribeRun(runId, (run) => {
        runs.set(run.id, run);
        stir();
      }),
    ),
    options.subscribeBoard?.((next) => {
      board = next;
      stir();
    }) ?? (() => undefined),
  ];
  signal.addEventListener("abort", stir);
  let sentId = options.lastEventId || "0"; // never empty: that would be no id
  let sentAt = Number.NEGATIVE_INFINITY;
  snapshot ??= options.current();
  try {
    while (!signal.aborted) {
      const changed = snapshot as Snapshot | null;
      const told = board as Board | null;
      if (changed === null && runs.size === 0 && told === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      for (const [id, run] of runs) {
        runs.delete(id);
        yield { id: sentId, event: { kind: "run", run } };
      }
      if (told !== null) {
        board = null;
        yield { id: sentId, event: { kind: "board", board: told } };
      }
      const early = sentAt + minGapMs - clock();
      if (changed !== null && early > 0) {
        await wait(early, signal);
        continue;
      }
      const newest = snapshot as Snapshot | null;
      snapshot = null;
      if (newest === null || String(newest.at) === sentId) continue;
      sentId = String(newest.at);
      sentAt = clock();
      yield { id: sentId, event: { kind: "snapshot", snapshot: newest } };
    }
  } finally {
    signal.removeEventListener("abort", stir);
    for (const off of leave) off();
  }
}
