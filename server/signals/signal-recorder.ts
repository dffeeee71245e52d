import { randomUUID } from "node:crypto";
import { holdLease } from "@/server/jobs/lease";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import type { Collector } from "@/server/live/collector";
import type { Snapshot } from "@/server/live/snapshot";
import type { Database } from "@/server/platform/postgres";
import { openRecords, recordSignals } from "@/server/signals/record-signals";

type Parts = {
  readonly db: Database;
  readonly collector: Pick<Collector, "snapshot" | "subscribe">;
  readonly autoDeclare: boolean;
  readonly everyMs?: number;
  readonly goneMs?: number; // how long a signal must be absent before it counts as cleared
  readonly startMs?: number; // how long after the start absence means nothing: rules that look back know nothing yet
  readonly clock?: () => number;
};

/**
 * Redis and both databases answer: while one does not, some rules see nothing and would seem to have cleared. A replica that is gone
 * is a signal of its own.
 */
const hasLooked = (snapshot: Snapshot): boolean => {
  const shared = snapshot.sources.filter(({ id }) => id.endsWith("-postgres") || id.endsWith("-redis"));
  return shared.length > 0 && shared.every(({ status }) => status === "ok");
};

/**
 * The elected leader's record of signals: one replica at a time, by a lease of 15 s that anybody takes over when it runs out.
 * A source that has stopped answering clears nothing.
 */
export function createSignalRecorder({
  db,
  collector,
  autoDeclare,
  everyMs = 2_000,
  goneMs = 10_000,
  startMs = 60_000,
  clock = Date.now,
}: Parts): Repeating {
  const holder = randomUUID();
  const startedAt = clock();
  const absentSince = new Map<string, number>();

  return repeat("signals", everyMs, async () => {
    if (!(await holdLease(db, "signals", holder, 15))) return absentSince.clear();
    const snapshot = collector.snapshot();
    const open = await openRecords(db);
    const seen = new Set(snapshot.signals.map(({ key }) => key));
    const now = clock();
    const tellable = hasLooked(snapshot) && now - startedAt >= startMs;
    for (const { key } of open)
      if (seen.has(key) || !tellable) absentSince.delete(key);
      else if (!absentSince.has(key)) absentSince.set(key, now);
    const gone = open.filter(({ key }) => now - (absentSince.get(key) ?? now) >= goneMs && absentSince.has(key));
    await recordSignals({ ctx: { db, autoDeclare }, input: { seen: snapshot.signals, gone, open } });
    for (const { key } of gone) absentSince.delete(key);
  });
}
