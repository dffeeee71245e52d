import type { Sealed } from "@/server/caracal/keys/seal";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

/** A version of a zone's signing key as it is stored; the newest signs, the one before it still verifies (contract section 2). */
export type ZoneKeyRow = {
  readonly zoneId: string;
  readonly kid: string; // secrets.id
  readonly entityId: string;
  readonly version: number;
  readonly createdAt: string;
  readonly sealed: Sealed;
};

/** The newest signing-key rows of each zone, newest first, at most `perZone` (10 unless told). */
export async function readZoneKeyRows(
  db: Queryable,
  zoneIds: readonly string[],
  perZone = 10,
): Promise<Map<string, ZoneKeyRow[]>> {
  const rows = await db.query<Omit<ZoneKeyRow, "sealed"> & { ciphertext: Buffer; nonce: Buffer }>(
    `SELECT zone.id AS "zoneId", key.* FROM unnest($1::text[]) AS zone (id) CROSS JOIN LATERAL (
       SELECT id AS kid, entity_id AS "entityId", version, ${exactInstantSql("created_at")} AS "createdAt", ciphertext, nonce
         FROM secrets WHERE zone_id = zone.id AND name = 'zone_signing_key'
        ORDER BY version DESC, id DESC LIMIT $2) AS key`,
    [zoneIds, perZone],
  );
  const found = new Map<string, ZoneKeyRow[]>(zoneIds.map((id) => [id, []]));
  for (const { ciphertext, nonce, ...row } of rows)
    found.get(row.zoneId)?.push({ ...row, sealed: { ciphertext, nonce } });
  return found;
}

export type ZoneName = {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly archived: boolean;
};

/** The next zones by id, archived ones too. */
export const nextZones = (db: Queryable, after: string | null, limit: number): Promise<ZoneName[]> =>
  db.query<ZoneName>(
    `SELECT id, name, slug, archived_at IS NOT NULL AS archived FROM zones WHERE ($1::text IS NULL OR id > $1) ORDER BY id LIMIT $2`,
    [after, limit],
  );
