import type { Sealed } from "@/server/caracal/keys/seal";
import { type Invalidation, writeInvalidations } from "@/server/caracal/keys/key-invalidation";
import { type Database, isUniqueViolation } from "@/server/platform/postgres";

/** A new signing key of a zone; `nth` 1 follows the highest version there is, 2 comes after that. */
export type NewZoneKey = {
  readonly kid: string;
  readonly zoneId: string;
  readonly nth: number;
  readonly sealed: Sealed;
};
export type WrittenKey = { readonly kid: string; readonly zoneId: string; readonly version: number };

const mostTurns = 20;

/** Those of the zones that are there and not archived: STS ignores the rest (contract section 2). */
export async function livingZones(db: Pick<Database, "query">, zoneIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>("SELECT id FROM zones WHERE id = ANY ($1) AND archived_at IS NULL", [
    zoneIds,
  ]);
  return new Set(rows.map(({ id }) => id));
}

/**
 * Adds signing keys as new highest versions, and each zone's invalidation, in one transaction (contract sections 2 and 6, trap 7).
 * Keys that are there already, by kid, are left: running it again changes nothing. When somebody else takes the same version at
 * the same moment the database refuses and it is counted anew. Gives the versions of all the given kids.
 */
export async function insertZoneKeys(
  db: Database,
  keys: readonly NewZoneKey[],
  invalidations: readonly Invalidation[],
  holder: string | null,
): Promise<WrittenKey[]> {
  for (let turn = 1; ; turn++) {
    try {
      return await db.transaction(async (tx) => {
        await tx.query(
          `WITH given AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bytea[], $5::bytea[]) AS g (kid, zone_id, nth, ciphertext, nonce)
              WHERE NOT EXISTS (SELECT 1 FROM secrets s WHERE s.id = g.kid)
           )
           INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce, dek_id, version)
           SELECT g.kid, g.zone_id, coalesce(newest.entity_id, g.zone_id), 'zone_signing_key', 'token', g.ciphertext, g.nonce, 'local',
                  coalesce(newest.version, 0) + g.nth
             FROM given g LEFT JOIN LATERAL (
               SELECT entity_id, version FROM secrets s WHERE s.zone_id = g.zone_id AND s.name = 'zone_signing_key'
                ORDER BY version DESC LIMIT 1) newest ON true`,
          [
            keys.map(({ kid }) => kid),
            keys.map(({ zoneId }) => zoneId),
            keys.map(({ nth }) => nth),
            keys.map(({ sealed }) => sealed.ciphertext),
            keys.map(({ sealed }) => sealed.nonce),
          ],
        );
        await writeInvalidations(tx, invalidations, holder);
        return tx.query<WrittenKey>(`SELECT id AS kid, zone_id AS "zoneId", version FROM secrets WHERE id = ANY ($1)`, [
          keys.map(({ kid }) => kid),
        ]);
      });
    } catch (error) {
      if (turn >= mostTurns || !isUniqueViolation(error)) throw error;
    }
  }
}
