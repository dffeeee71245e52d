import type { Queryable } from "@/server/platform/postgres";
import { mostSamples } from "@/server/watches/schemas";

/** Seconds from one sample of a watch to the next; after three of them without one there was nobody to record. */
export const sampleSeconds = 10;
const silenceSeconds = 3 * sampleSeconds;
const mostAtOnce = 500;

/** Series that open incidents watch right now. */
export async function watchedSeries(db: Queryable): Promise<readonly string[]> {
  const rows = await db.query<{ series: string }>(
    `SELECT DISTINCT w.series FROM incident_watches w JOIN incidents i ON i.id = w.incident_id
      WHERE w.unpinned_at IS NULL AND i.merged_into IS NULL AND i.state NOT IN ('resolved', 'closed') ORDER BY 1 LIMIT ${mostAtOnce}`,
  );
  return rows.map(({ series }) => series);
}

/**
 * One sample of each watch of an open incident, from `values`; a series that has none is a gap, which is recorded once, as is a
 * time in which nobody recorded. At most one in ten seconds and 5,000 a watch, whoever calls how often. Gives how many were added.
 */
export async function recordSamples(db: Queryable, values: ReadonlyMap<string, number | null>): Promise<number> {
  const rows = await db.query(
    `WITH open AS (
       SELECT w.id, v.value, last.at AS last_at, last.value AS last_value FROM incident_watches w
         JOIN incidents i ON i.id = w.incident_id AND i.merged_into IS NULL AND i.state NOT IN ('resolved', 'closed')
         LEFT JOIN json_to_recordset($1::json) AS v (series text, value float8) ON v.series = w.series
         LEFT JOIN LATERAL (SELECT at, value FROM incident_watch_samples s WHERE s.watch_id = w.id ORDER BY at DESC LIMIT 1) AS last ON true
        WHERE w.unpinned_at IS NULL
          AND (SELECT count(*) FROM (SELECT 1 FROM incident_watch_samples s WHERE s.watch_id = w.id LIMIT ${mostSamples}) AS held) < ${mostSamples}
        LIMIT ${mostAtOnce}),
     due AS (SELECT * FROM open WHERE last_at IS NULL OR last_at < clock_timestamp() - make_interval(secs => ${sampleSeconds - 1}))
     INSERT INTO incident_watch_samples (watch_id, at, value)
     SELECT id, last_at + make_interval(secs => ${sampleSeconds}), NULL FROM due
      WHERE last_value IS NOT NULL AND last_at < clock_timestamp() - make_interval(secs => ${silenceSeconds})
     UNION ALL
     SELECT id, clock_timestamp(), value FROM due WHERE value IS NOT NULL OR (last_value IS NOT NULL AND last_at >= clock_timestamp() - make_interval(secs => ${silenceSeconds}))
     ON CONFLICT DO NOTHING RETURNING 1`,
    [JSON.stringify([...values].map(([series, value]) => ({ series, value })))],
  );
  return rows.length;
}
