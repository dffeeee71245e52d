import type { ZoneRow } from "@/server/audit/checks/check-rows";
import type { Anchor } from "@/server/audit/verify/finding";
import { keyFingerprint } from "@/server/audit/verify/seals";
import type { Queryable } from "@/server/platform/postgres";

/** The rows at which checks ended before this one began, as anchors: a check of newer rows begins by holding the chain against them. */
export async function checkedHeads(
  db: Queryable,
  zones: readonly ZoneRow[],
  checkId: string,
): Promise<ReadonlyMap<string, Anchor>> {
  const rows = await db.query<Anchor & { zone: string }>(
    `SELECT zone_id AS zone, chain_seq::float8 AS seq, event_id AS id, content_sha256 AS content FROM audit_checked_heads
      WHERE zone_id = ANY ($1) AND checked_at < (SELECT started_at FROM audit_checks WHERE id = $2)`,
    [zones.map(({ zone_id }) => zone_id), checkId],
  );
  return new Map(rows.map(({ zone, ...head }) => [zone, head]));
}

/** The entry of the stream up to which the last check that read it for every zone had it settled. */
export async function streamHeardTo(db: Queryable): Promise<string | null> {
  const [row] = await db.query<{ to: string | null }>(
    `SELECT stream_to AS to FROM audit_checks WHERE state = 'finished' AND zone_id IS NULL AND scope <> 'window' ORDER BY started_at DESC LIMIT 1`,
  );
  return row?.to ?? null;
}

/** Of these zones those in which a check found right seals under this key. */
export async function sealedBefore(db: Queryable, zones: readonly string[], key: Buffer): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ zone: string }>(
    "SELECT zone_id AS zone FROM audit_checked_heads WHERE zone_id = ANY ($1) AND sealed_under = $2",
    [zones, keyFingerprint(key)],
  );
  return new Set(rows.map(({ zone }) => zone));
}

const broken = (zone: string) =>
  `(${zone}.trouble->>'changed')::int + (${zone}.trouble->>'removed')::int + (${zone}.trouble->>'rewritten')::int > 0`;

/**
 * Keeps where a finished check ended in each zone. Newer rows that were not whole hold the head back until the whole chain was checked,
 * and so does a chain of which no row is left. Of two checks the one that began later counts. `key`: under which seals were heard.
 */
export async function keepHeads(tx: Queryable, checkId: string, key: Buffer | null): Promise<void> {
  await tx.query(
    `INSERT INTO audit_checked_heads AS h (zone_id, chain_seq, event_id, content_sha256, check_id, full_check_id, sealed_under)
     SELECT z.zone_id, (z.walk->'previous'->>'seq')::bigint, z.walk->'previous'->>'id', z.walk->'previous'->>'content', c.id,
            CASE WHEN c.scope = 'full' THEN c.id END, CASE WHEN (z.walk->>'sealed')::boolean THEN $2 END
       FROM audit_check_zones z JOIN audit_checks c ON c.id = z.check_id
      WHERE c.id = $1 AND c.scope <> 'window' AND z.walk->>'previous' IS NOT NULL
     ON CONFLICT (zone_id) DO UPDATE SET chain_seq = excluded.chain_seq, event_id = excluded.event_id, content_sha256 = excluded.content_sha256,
            check_id = excluded.check_id, full_check_id = coalesce(excluded.full_check_id, h.full_check_id), sealed_under = coalesce(excluded.sealed_under, h.sealed_under), held = false, checked_at = clock_timestamp()
      WHERE (SELECT started_at FROM audit_checks WHERE id = excluded.check_id) >= coalesce((SELECT started_at FROM audit_checks WHERE id = h.check_id), '-infinity')`,
    [checkId, key === null ? null : keyFingerprint(key)],
  );
  await tx.query(
    `UPDATE audit_checked_heads h SET held = true, full_check_id = CASE WHEN c.scope = 'full' THEN c.id ELSE h.full_check_id END
       FROM audit_check_zones z JOIN audit_checks c ON c.id = z.check_id
      WHERE c.id = $1 AND z.zone_id = h.zone_id AND c.scope <> 'window'
        AND ((c.scope = 'new' AND ${broken("z")}) OR (z.walk->>'previous' IS NULL AND z.state = 'done'))`,
    [checkId],
  );
}

/** Puts the whole chains of zones whose newer rows were not whole up for a check. */
export const orderWholeChains = (tx: Queryable, checkId: string, verifier: string): Promise<unknown> =>
  tx.query(
    `INSERT INTO audit_checks (id, zone_id, zone_name, verifier, requested_by_id, requested_by_name, scheduled)
     SELECT gen_random_uuid(), z.zone_id, coalesce(z.zone_name, z.zone_id), $2, 'console', 'the console', true
       FROM audit_check_zones z JOIN audit_checks c ON c.id = z.check_id
      WHERE c.id = $1 AND c.scope = 'new' AND ${broken("z")}
     ON CONFLICT DO NOTHING`,
    [checkId, verifier],
  );
