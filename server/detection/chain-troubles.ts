import type { ChainTroubles } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";

const most = 100;

/** The zones whose newest check did not find them whole, the longest known first, at most 100; or one of them. */
export const openTroubles = (db: Queryable, zoneId: string | null = null): Promise<ChainTroubles["zones"][number][]> =>
  db.query(
    `SELECT check_id AS "checkId", zone_id AS "zoneId", zone_name AS zone, (extract(epoch FROM as_of) * 1000)::float8 AS at, changed, removed, rewritten,
            foreign_key AS "foreignKey", first_seq::float8 AS "firstSeq"
       FROM audit_troubles WHERE superseded_by IS NULL AND ($1::text IS NULL OR zone_id = $1) ORDER BY as_of, zone_id LIMIT ${most}`,
    [zoneId],
  );

/** What the console's own checks say of the audit chains now: the zones that are not whole, and the newest check of all that found every one whole. */
export async function chainTroubles(db: Queryable): Promise<ChainTroubles> {
  const zones = await openTroubles(db);
  const [newest] = await db.query<{ at: number; rows: number; proved: number; whole: boolean }>(
    `SELECT (extract(epoch FROM started_at) * 1000)::float8 AS at, (totals->>'rows')::float8 AS rows, (totals->>'proved')::float8 AS proved,
            (totals->>'tampered')::float8 + (totals->>'removed')::float8 = 0 AS whole
       FROM audit_checks WHERE state = 'finished' AND scope = 'full' AND coalesce(zone_id, '') = '' ORDER BY started_at DESC LIMIT 1`,
  );
  if (newest === undefined || !newest.whole || zones.length > 0) return { zones, whole: null };
  const { at, rows, proved } = newest;
  return { zones, whole: { at, rows, proved } };
}
