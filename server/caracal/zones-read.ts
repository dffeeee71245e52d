import { DomainError } from "@/server/platform/errors";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

export type StoredZone = {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly archivedAt: string | null;
};

export type ZoneFilter = {
  readonly search?: string | undefined; // part of name, slug or the whole id, any case
  readonly id?: string | undefined;
  readonly archived: boolean; // false: leave archived ones out, as STS does
};

/** Zones by slug (unique, indexed), at most `limit`, after `afterSlug`. The table is small: thousands at most. */
export function readZones(
  db: Queryable,
  filter: ZoneFilter,
  afterSlug: string | null,
  limit: number,
): Promise<StoredZone[]> {
  return db.query<StoredZone>(
    `SELECT id, name, slug, ${exactInstantSql("archived_at")} AS "archivedAt" FROM zones
     WHERE ($1::text IS NULL OR slug > $1)
       AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR strpos(lower(slug), lower($2)) > 0 OR id = $2)
       AND ($3::text IS NULL OR id = $3) AND ($4::boolean OR archived_at IS NULL)
     ORDER BY slug LIMIT $5`,
    [afterSlug, filter.search ?? null, filter.id ?? null, filter.archived, limit],
  );
}

/** @throws DomainError("not_found") when Caracal has no zone of this id. */
export async function requireZone(db: Queryable, zoneId: string): Promise<void> {
  const rows = await db.query("SELECT 1 FROM zones WHERE id = $1", [zoneId]);
  if (rows.length === 0)
    throw new DomainError("not_found", "Caracal has no zone with this id. Pick one from the list of zones.", {
      zoneId,
    });
}
