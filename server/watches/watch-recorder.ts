import { randomUUID } from "node:crypto";
import { holdLease } from "@/server/jobs/lease";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import type { Collector } from "@/server/live/collector";
import { seriesValues } from "@/server/live/series-values";
import type { Database } from "@/server/platform/postgres";
import { recordSamples, sampleSeconds, watchedSeries } from "@/server/watches/record-samples";
import { crowdedWatches, thinSamples } from "@/server/watches/thin-samples";

type Parts = {
  readonly db: Database;
  readonly collector: Pick<Collector, "snapshot">;
  readonly everyMs?: number;
};

const thinEvery = 60; // turns

/**
 * The elected leader's record of watched figures: one replica at a time, by a lease of 30 s. It reads nothing of Caracal: the values
 * are those of its own collector.
 */
export function createWatchRecorder({ db, collector, everyMs = sampleSeconds * 1_000 }: Parts): Repeating {
  const holder = randomUUID();
  let turn = 0;
  return repeat("watched figures", everyMs, async () => {
    if (!(await holdLease(db, "watches", holder, 30))) return;
    const wanted = await watchedSeries(db);
    if (wanted.length > 0) {
      const now = seriesValues(collector.snapshot());
      await recordSamples(db, new Map(wanted.map((series) => [series, now.get(series) ?? null])));
    }
    turn += 1;
    if (turn % thinEvery !== 0) return;
    for (const { id } of await crowdedWatches(db)) await thinSamples(db, id);
  });
}
