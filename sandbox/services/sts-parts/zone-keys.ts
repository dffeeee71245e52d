import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Pool } from "pg";
import { openSeal } from "@/sandbox/encoding/seal";

export type SigningKey = { readonly kid: string; readonly privateKey: KeyObject };
type Row = { id: string; ciphertext: Buffer; nonce: Buffer };

const cacheFor = 15 * 60_000;

export class KeyMissing extends Error {}
export class KeyUnreadable extends Error {}

/** A zone's signing keys under this replica's KEK: newest for signing, cached 15 minutes; newest two for the JWKS, uncached. */
export class ZoneKeys {
  private readonly cached = new Map<string, { key: SigningKey; until: number }>();
  invalidKeys = 0;

  constructor(
    private readonly pool: Pool,
    private readonly kek: Buffer,
  ) {}

  /** keys.invalidate: the next use reads the newest row. */
  forget(zoneId: string): void {
    this.cached.delete(zoneId);
  }

  private async rows(zoneId: string, count: number): Promise<Row[]> {
    const sql =
      "SELECT id, ciphertext, nonce FROM secrets WHERE zone_id = $1 AND name = 'zone_signing_key' ORDER BY version DESC LIMIT $2";
    return (await this.pool.query<Row>(sql, [zoneId, count])).rows;
  }

  private open(row: Row): KeyObject | null {
    try {
      return createPrivateKey(openSeal(this.kek, row));
    } catch {
      this.invalidKeys += 1;
      return null;
    }
  }

  /** The key to sign with. Throws KeyMissing or KeyUnreadable. */
  async signing(zoneId: string): Promise<SigningKey> {
    const hit = this.cached.get(zoneId);
    if (hit !== undefined && hit.until > Date.now()) return hit.key;
    const [row] = await this.rows(zoneId, 1);
    if (row === undefined) throw new KeyMissing("zone signing key not found");
    const privateKey = this.open(row);
    if (privateKey === null) throw new KeyUnreadable("signing key decryption failed");
    const key = { kid: row.id, privateKey };
    this.cached.set(zoneId, { key, until: Date.now() + cacheFor });
    return key;
  }

  /** The JWKS members of the newest two rows that open. Throws KeyMissing (also when Postgres is away) or KeyUnreadable. */
  async published(zoneId: string): Promise<Record<string, string | undefined>[]> {
    let rows: Row[];
    try {
      rows = await this.rows(zoneId, 2);
    } catch {
      throw new KeyMissing("zone signing key not found");
    }
    if (rows.length === 0) throw new KeyMissing("zone signing key not found");
    const keys = rows.flatMap((row) => {
      const key = this.open(row);
      if (key === null) return [];
      const { x, y } = createPublicKey(key).export({ format: "jwk" });
      return [{ kty: "EC", crv: "P-256", use: "sig", kid: row.id, alg: "ES256", x, y }];
    });
    if (keys.length === 0) throw new KeyUnreadable("signing key decryption failed");
    return keys;
  }
}
