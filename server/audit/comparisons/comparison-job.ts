import { setImmediate as breath } from "node:timers/promises";
import type { Database } from "@/server/platform/postgres";

export type JobContext = { readonly db: Database; readonly holder: string };
export type ComparisonJob = {
  readonly id: string;
  readonly zone_id: string | null;
  readonly zone_name: string | null;
  readonly asked_from: Date | null;
  readonly asked_to: Date | null;
};

const silentAfterSeconds = 20;
const beatMs = 1_000;

/** It is over before its end: cancelled, or another worker has it. */
export class Ended extends Error {
  override readonly name = "Ended";
}

/** Takes the next comparison that nobody works on, from its beginning; null: there is none. */
export async function takeComparison({ db, holder }: JobContext): Promise<ComparisonJob | null> {
  const [row] = await db.query<ComparisonJob>(
    `UPDATE audit_comparisons SET holder = $1, heartbeat_at = now(), state = 'running', phase = 'listing the archive', done = 0,
            phase_since = clock_timestamp(), started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM audit_comparisons WHERE state IN ('queued', 'running') AND heartbeat_at < now() - make_interval(secs => $2)
                   ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, zone_id, zone_name, asked_from, asked_to`,
    [holder, silentAfterSeconds],
  );
  return row ?? null;
}

/** Says how far it is, at most once a second, and hears whether it is to stop. The function throws Ended. */
export function beating({ db, holder }: JobContext, id: string): (phase: string, done: number) => Promise<void> {
  let last = 0;
  return async (phase, done) => {
    await breath(); // others of this process want to work too
    if (Date.now() - last < beatMs) return;
    last = Date.now();
    const [row] = await db.query<{ cancelled: boolean }>(
      `UPDATE audit_comparisons SET phase = $3, done = $4, heartbeat_at = now(), error = NULL,
              phase_since = CASE WHEN phase = $3 THEN phase_since ELSE clock_timestamp() END
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING cancel_asked_by IS NOT NULL AS cancelled`,
      [id, holder, phase, done],
    );
    if (row === undefined) throw new Ended("another worker has it");
    if (row.cancelled) throw new Ended("cancelled");
  };
}
