import { packed, type Sealed, unpacked } from "@/server/caracal/keys/seal";
import type { Queryable } from "@/server/platform/postgres";

/** Everything that is sealed under the KEK (contract section 5, trap 6), in the order in which it is gone through. */
export const sealKinds = ["secrets", "provider-configs", "grant-access-tokens", "grant-refresh-tokens"] as const;
export type SealKind = (typeof sealKinds)[number];
export type SealedValue = {
  readonly kind: SealKind;
  readonly id: string;
  readonly zoneId: string;
  readonly sealed: Sealed;
};

type Columns = { readonly table: string; readonly value: string; readonly nonce: string | null };
const columns: Readonly<Record<SealKind, Columns>> = {
  secrets: { table: "secrets", value: "ciphertext", nonce: "nonce" },
  "provider-configs": { table: "providers", value: "secret_config_ct", nonce: "secret_config_nonce" },
  "grant-access-tokens": { table: "delegated_grants", value: "access_token_ct", nonce: null },
  "grant-refresh-tokens": { table: "delegated_grants", value: "refresh_token_ct", nonce: null },
};

type Row = { readonly id: string; readonly zone_id: string; readonly value: Buffer; readonly nonce: Buffer | null };

/** The next sealed values of one kind after an id, by id. Archived rows count: their seals are as readable to a thief. */
export async function readSealedValues(
  db: Queryable,
  kind: SealKind,
  after: string | null,
  limit: number,
): Promise<SealedValue[]> {
  const { table, value, nonce } = columns[kind];
  const rows = await db.query<Row>(
    `SELECT id, zone_id, ${value} AS value, ${nonce ?? "NULL::bytea"} AS nonce FROM ${table}
      WHERE ${value} IS NOT NULL AND ($1::text IS NULL OR id > $1) ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows.map((row) => ({
    kind,
    id: row.id,
    zoneId: row.zone_id,
    sealed: nonce === null ? unpacked(row.value) : { ciphertext: row.value, nonce: row.nonce ?? Buffer.alloc(0) },
  }));
}

/** One value as it stands now; null when the row or the value is gone. */
export async function readSealedValue(db: Queryable, kind: SealKind, id: string): Promise<SealedValue | null> {
  const { table, value, nonce } = columns[kind];
  const [row] = await db.query<Row>(
    `SELECT id, zone_id, ${value} AS value, ${nonce ?? "NULL::bytea"} AS nonce FROM ${table} WHERE id = $1 AND ${value} IS NOT NULL`,
    [id],
  );
  if (row === undefined) return null;
  const sealed = nonce === null ? unpacked(row.value) : { ciphertext: row.value, nonce: row.nonce ?? Buffer.alloc(0) };
  return { kind, id: row.id, zoneId: row.zone_id, sealed };
}

/**
 * Puts another seal in the place of exactly the given one, in a transaction of its own that the statement is; false when the row
 * holds something else by now. Versions and times stay: the value is the same, and STS refreshes grants by refresh_token_version.
 */
export async function replaceSeal(db: Queryable, value: SealedValue, next: Sealed): Promise<boolean> {
  const { table, value: column, nonce } = columns[value.kind];
  const rows =
    nonce === null
      ? await db.query(`UPDATE ${table} SET ${column} = $3 WHERE id = $1 AND ${column} = $2 RETURNING 1`, [
          value.id,
          packed(value.sealed),
          packed(next),
        ])
      : await db.query(
          `UPDATE ${table} SET ${column} = $4, ${nonce} = $5 WHERE id = $1 AND ${column} = $2 AND ${nonce} = $3 RETURNING 1`,
          [value.id, value.sealed.ciphertext, value.sealed.nonce, next.ciphertext, next.nonce],
        );
  return rows.length === 1;
}

/** How many sealed values there are in all four columns. */
export async function countSealedValues(db: Queryable): Promise<number> {
  const [row] = await db.query<{ total: number }>(
    `SELECT ((SELECT count(*) FROM secrets) + (SELECT count(secret_config_ct) FROM providers)
       + (SELECT count(access_token_ct) + count(refresh_token_ct) FROM delegated_grants))::int AS total`,
  );
  return row?.total ?? 0;
}
