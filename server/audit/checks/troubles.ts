import type { Finding } from "@/server/audit/verify/chain-walk";
import type { FindingKind } from "@/server/audit/verify/judge-row";
import type { Queryable } from "@/server/platform/postgres";

type Trouble = { changed: number; removed: number; rewritten: number; foreignKey: boolean; firstSeq: number | null };

const part: Readonly<Record<FindingKind, "changed" | "removed" | "rewritten" | "foreignKey" | null>> = {
  content_mismatch: "changed",
  column_changed: "changed",
  seal_changed: "changed",
  row_deleted: "removed",
  tail_truncated: "removed",
  rewritten_without_key: "rewritten",
  rewritten_with_key: "rewritten",
  reordered: "rewritten",
  duplicate_seq: "rewritten",
  forked: "rewritten",
  key_drift: "foreignKey",
  not_provable: null,
  retention_gap: null,
};

/** What is wrong with each zone, counted finding by finding. */
export type Troubles = Map<string, Trouble>;

/** Counts one finding; those that are no trouble are passed over. */
export function countTrouble(troubles: Troubles, { zone_id: zone, finding, chain_seq: seq }: Finding): void {
  const kind = part[finding];
  if (kind === null) return;
  const trouble = troubles.get(zone) ?? { changed: 0, removed: 0, rewritten: 0, foreignKey: false, firstSeq: null };
  if (kind === "foreignKey") trouble.foreignKey = true;
  else trouble[kind] += 1;
  if (seq !== null && (trouble.firstSeq === null || seq < trouble.firstSeq)) trouble.firstSeq = seq;
  troubles.set(zone, trouble);
}

/**
 * Puts what a finished check found in the place of what earlier ones found in the same zones. A check that began to read before
 * another of the zone that has ended says nothing new. Call it in the transaction that finishes the check.
 */
export async function keepTroubles(
  tx: Queryable,
  checkId: string,
  troubles: Troubles,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.query(
    `UPDATE audit_troubles t SET superseded_by = c.id FROM audit_checks c
      WHERE c.id = $1 AND t.superseded_by IS NULL AND t.as_of <= c.started_at AND (c.zone_id IS NULL OR c.zone_id = t.zone_id)`,
    [checkId],
  );
  await tx.query(
    `INSERT INTO audit_troubles (check_id, zone_id, zone_name, as_of, changed, removed, rewritten, foreign_key, first_seq)
     SELECT c.id, t.zone, t.name, c.started_at, t.changed, t.removed, t.rewritten, t.foreign_key, t.first_seq
       FROM audit_checks c, json_to_recordset($2::json) AS t (zone text, name text, changed int, removed int, rewritten int, foreign_key boolean, first_seq bigint)
      WHERE c.id = $1 AND NOT EXISTS (
        SELECT FROM audit_checks later WHERE later.state = 'finished' AND later.started_at > c.started_at AND coalesce(later.zone_id, '') IN ('', t.zone))`,
    [
      checkId,
      JSON.stringify(
        [...troubles].map(([zone, { foreignKey, firstSeq, ...counts }]) => ({
          zone,
          name: names.get(zone) ?? zone,
          ...counts,
          foreign_key: foreignKey,
          first_seq: firstSeq,
        })),
      ),
    ],
  );
}
