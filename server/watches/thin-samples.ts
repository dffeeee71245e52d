import type { Queryable } from "@/server/platform/postgres";
import { mostSamples } from "@/server/watches/schemas";

/** Samples older than `ageMinutes` are thinned to buckets of `widthSeconds`. */
const classes = [
  { ageMinutes: 60, widthSeconds: 120 },
  { ageMinutes: 360, widthSeconds: 900 },
  { ageMinutes: 2_880, widthSeconds: 3_600 },
] as const;

/**
 * Of each bucket the samples that a chart and its figures need: the first, the last, a lowest, a highest, and where a gap begins.
 * A window over rows with `at` and `value`; `$width` is the SQL of an interval.
 */
export const keptOfBuckets = (rows: string, width: string): string => `SELECT at, value,
    row_number() OVER (PARTITION BY bucket ORDER BY at) = 1 OR row_number() OVER (PARTITION BY bucket ORDER BY at DESC) = 1
    OR row_number() OVER (PARTITION BY bucket ORDER BY value ASC NULLS LAST, at) = 1
    OR row_number() OVER (PARTITION BY bucket ORDER BY value DESC NULLS LAST, at) = 1
    OR (value IS NULL AND row_number() OVER (PARTITION BY bucket, value IS NULL ORDER BY at) = 1) AS kept
  FROM (SELECT at, value, date_bin(${width}, at, 'epoch') AS bucket FROM (${rows}) AS rows) AS bucketed`;

/** Thins what is old of a watch. The extremes, the ends and the gaps stay, so that no figure that was read from it changes. */
export async function thinSamples(db: Queryable, watchId: string): Promise<void> {
  for (const { ageMinutes, widthSeconds } of classes)
    await db.query(
      `DELETE FROM incident_watch_samples d USING (${keptOfBuckets(
        `SELECT at, value FROM incident_watch_samples
          WHERE watch_id = $1 AND at < date_bin(make_interval(secs => $3), clock_timestamp() - make_interval(mins => $2), 'epoch')`,
        "make_interval(secs => $3)",
      )}) AS judged WHERE d.watch_id = $1 AND d.at = judged.at AND NOT judged.kept`,
      [watchId, ageMinutes, widthSeconds],
    );
}

/** Open watches that hold many samples: those are worth thinning. */
export const crowdedWatches = (db: Queryable, from = 500): Promise<{ id: string }[]> =>
  db.query(
    `SELECT w.id FROM incident_watches w WHERE (SELECT count(*) FROM (
       SELECT 1 FROM incident_watch_samples s WHERE s.watch_id = w.id LIMIT $1) AS held) >= $1
      AND EXISTS (SELECT 1 FROM incident_watch_samples s WHERE s.watch_id = w.id AND s.at > clock_timestamp() - interval '3 days') LIMIT 50`,
    [Math.min(from, mostSamples)],
  );
