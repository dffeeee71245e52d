import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { requireVisible } from "@/server/incidents/visible-to";
import type { Queryable } from "@/server/platform/postgres";
import { type listWatchesInput, mostSamples, type WatchView } from "@/server/watches/schemas";
import { keptOfBuckets } from "@/server/watches/thin-samples";

const most = 100; // watches of an incident, ended ones too
const buckets = 60;

type Row = {
  readonly id: string;
  readonly series: string;
  readonly label: string;
  readonly pinned_by_name: string;
  readonly pinned_at: Date;
  readonly unpinned_by_name: string | null;
  readonly unpinned_at: Date | null;
  readonly points: readonly (readonly [number, number | null])[] | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly last: number | null;
  readonly samples: number;
};

/** Watches of an incident with what was recorded, each by at most 300 points in which extremes and gaps are kept. Asks for no right to see it. */
export async function readWatches(db: Queryable, incidentId: string, until: Date | null = null): Promise<WatchView[]> {
  const rows = await db.query<Row>(
    `SELECT w.id, w.series, w.label, w.pinned_by_name, w.pinned_at, w.unpinned_by_name, w.unpinned_at, s.lowest, s.highest, s.samples,
            (SELECT value FROM incident_watch_samples l WHERE l.watch_id = w.id AND l.at <= coalesce($2::timestamptz, 'infinity') ORDER BY at DESC LIMIT 1) AS last,
            (SELECT json_agg(json_build_array(extract(epoch FROM k.at) * 1000, k.value) ORDER BY k.at) FROM (${keptOfBuckets(
              "SELECT at, value FROM incident_watch_samples r WHERE r.watch_id = w.id AND r.at <= coalesce($2::timestamptz, 'infinity')",
              `greatest((s.until - s.since) / ${buckets}, interval '1 second')`,
            )}) AS k WHERE k.kept) AS points
       FROM incident_watches w CROSS JOIN LATERAL (
         SELECT min(value) AS lowest, max(value) AS highest, count(*)::int AS samples, min(at) AS since, max(at) AS until
           FROM incident_watch_samples c WHERE c.watch_id = w.id AND c.at <= coalesce($2::timestamptz, 'infinity')) AS s
      WHERE w.incident_id = $1 ORDER BY w.pinned_at, w.id LIMIT ${most}`,
    [incidentId, until],
  );
  return rows.map((row) => ({
    id: row.id,
    series: row.series,
    label: row.label,
    pinnedBy: row.pinned_by_name,
    pinnedAt: row.pinned_at.toISOString(),
    unpinnedBy: row.unpinned_by_name,
    unpinnedAt: row.unpinned_at?.toISOString() ?? null,
    points: row.points ?? [],
    lowest: row.lowest,
    highest: row.highest,
    last: row.last,
    full: row.samples >= mostSamples,
  }));
}

/** Watches of an incident that the viewer may see, in the order in which they were pinned. @throws not_found */
export async function listWatches({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Queryable; readonly actor: Pick<Actor, "id" | "roles"> };
  input: z.output<typeof listWatchesInput>;
}): Promise<readonly WatchView[]> {
  await requireVisible(db, actor, input.incidentId);
  return readWatches(db, input.incidentId);
}
