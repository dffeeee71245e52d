import type { Queryable } from "@/server/platform/postgres";
import type { WatchedFigure } from "@/server/post-mortem/schemas";

type Row = Omit<WatchedFigure, "from" | "until"> & { readonly since: Date | null; readonly till: Date | null };

/** What each watched figure was, up to an instant. Thinning keeps the ends and the extremes, so that none of it changes later. */
export async function watchedFigures(db: Queryable, incidentId: string, until: Date | null): Promise<WatchedFigure[]> {
  const rows = await db.query<Row>(
    `SELECT w.label, s.since, s.till, s.lowest, s.highest,
            (SELECT value FROM incident_watch_samples f WHERE f.watch_id = w.id AND f.at = s.since) AS first,
            (SELECT value FROM incident_watch_samples l WHERE l.watch_id = w.id AND l.at = s.till) AS last
       FROM incident_watches w CROSS JOIN LATERAL (
         SELECT min(value) AS lowest, max(value) AS highest, min(at) AS since, max(at) AS till FROM incident_watch_samples c
          WHERE c.watch_id = w.id AND c.value IS NOT NULL AND c.at <= coalesce($2::timestamptz, 'infinity')) AS s
      WHERE w.incident_id = $1 AND w.pinned_at <= coalesce($2::timestamptz, 'infinity') ORDER BY w.pinned_at, w.id LIMIT 100`,
    [incidentId, until],
  );
  return rows.map(({ since, till, ...row }) => ({
    ...row,
    from: since?.toISOString() ?? null,
    until: till?.toISOString() ?? null,
  }));
}
