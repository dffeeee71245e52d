import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

export type StoredKeyVersion = {
  readonly zoneId: string;
  readonly kid: string; // secrets.id
  readonly version: number;
  readonly createdAt: string;
  readonly sealFingerprint: string;
};

/**
 * The newest ten signing-key rows of each zone, newest first. The fingerprint (first 8 bytes of SHA-256 over nonce ‖
 * ciphertext, hex) is made by Postgres: not even sealed bytes leave it.
 */
export function readKeyVersions(db: Queryable, zoneIds: readonly string[]): Promise<StoredKeyVersion[]> {
  return db.query<StoredKeyVersion>(
    `SELECT zone.id AS "zoneId", key.* FROM unnest($1::text[]) AS zone (id) CROSS JOIN LATERAL (
       SELECT id AS kid, version, ${exactInstantSql("created_at")} AS "createdAt",
         encode(substring(sha256(nonce || ciphertext) FROM 1 FOR 8), 'hex') AS "sealFingerprint"
       FROM secrets WHERE zone_id = zone.id AND name = 'zone_signing_key'
       ORDER BY version DESC, id DESC LIMIT 10) AS key
     ORDER BY zone.id, key.version DESC, key.kid DESC`,
    [zoneIds],
  );
}
