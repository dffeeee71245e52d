import type { FrozenZone } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";

/** Zones whose bindings this console has taken and not put back, at most 100. */
export async function frozenZones(db: Queryable): Promise<readonly FrozenZone[]> {
  const rows = await db.query<{
    id: string;
    zone_id: string;
    zone_name: string;
    by: string;
    nulled_at: Date;
    thawing: boolean;
  }>(
    `SELECT id, zone_id, zone_name, frozen_by_name AS by, nulled_at, state = 'thawing' AS thawing FROM zone_freezes
      WHERE state <> 'thawed' AND nulled_at IS NOT NULL ORDER BY nulled_at LIMIT 100`,
  );
  return rows.map((row) => ({
    freezeId: row.id,
    zoneId: row.zone_id,
    zone: row.zone_name,
    by: row.by,
    at: row.nulled_at.getTime(),
    thawing: row.thawing,
  }));
}
