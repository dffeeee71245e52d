import { neededForFinding } from "@/server/audit/checks/attacker";
import type { Finding } from "@/server/audit/verify/finding";
import type { FindingKind } from "@/server/audit/verify/judge-row";
import type { Queryable } from "@/server/platform/postgres";

/** What is wrong with one zone's chain, counted. Times are those of ingestion, ISO. */
export type Trouble = {
  changed: number;
  removed: number;
  rewritten: number;
  foreignKey: boolean;
  first: { readonly seq: number; readonly eventId: string | null; readonly finding: FindingKind } | null;
  lastSeq: number | null;
  ingestedFrom: string | null; // of the row before the first bad one
  ingestedTo: string | null; // of the last bad row, or of the one after it
  key: boolean; // AUDIT_HMAC_KEY was needed for it
};
export const noTrouble = (): Trouble => ({
  changed: 0,
  removed: 0,
  rewritten: 0,
  foreignKey: false,
  first: null,
  lastSeq: null,
  ingestedFrom: null,
  ingestedTo: null,
  key: false,
});

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

/** Whether a finding speaks of tampering, or of another key. */
export const isTrouble = (finding: FindingKind): boolean => part[finding] !== null;

/** Counts one finding; one that is no trouble is passed over. `around`: when the rows before and at it were ingested. */
export function countTrouble(
  trouble: Trouble,
  { finding, chain_seq: seq, event_id: eventId }: Finding,
  around: { readonly before: string | null; readonly at: string | null },
): void {
  const kind = part[finding];
  if (kind === null) return;
  if (kind === "foreignKey") trouble.foreignKey = true;
  else trouble[kind] += 1;
  if (neededForFinding[finding] === "key") trouble.key = true;
  if (seq === null) return;
  if (trouble.first === null || seq < trouble.first.seq) {
    trouble.first = { seq, eventId, finding };
    trouble.ingestedFrom = around.before;
  }
  if (trouble.lastSeq === null || seq >= trouble.lastSeq) {
    trouble.lastSeq = seq;
    trouble.ingestedTo = around.at;
  }
}

export const isWhole = ({ changed, removed, rewritten, foreignKey }: Trouble): boolean =>
  changed + removed + rewritten === 0 && !foreignKey;

type ZoneTrouble = { readonly zone: string; readonly name: string; readonly trouble: Trouble };

/**
 * Puts what a finished check found in the place of what earlier ones found in the same zones. A check of whole chains that began to read
 * before another of the zone that has ended says nothing new. One of new rows only adds to what is open. A window says nothing of the
 * rest, and is heard only where it found something. Call it in the transaction that finishes the check.
 */
export async function keepTroubles(tx: Queryable, checkId: string, zones: readonly ZoneTrouble[]): Promise<void> {
  const found = JSON.stringify(
    zones
      .filter(({ trouble }) => !isWhole(trouble))
      .map(({ zone, name, trouble: { changed, removed, rewritten, foreignKey, first } }) => ({
        zone,
        name,
        changed,
        removed,
        rewritten,
        foreign_key: foreignKey,
        first_seq: first?.seq ?? null,
      })),
  );
  const given = `json_to_recordset($2::json) AS f (zone text, name text, changed int, removed int, rewritten int, foreign_key boolean, first_seq bigint)`;
  // What is open of a zone stays in the sum where this check did not look at all of the chain.
  await tx.query(
    `INSERT INTO audit_troubles (check_id, zone_id, zone_name, as_of, changed, removed, rewritten, foreign_key, first_seq)
     SELECT c.id, f.zone, f.name, coalesce(o.as_of, c.started_at), f.changed + coalesce(o.changed, 0), f.removed + coalesce(o.removed, 0),
            f.rewritten + coalesce(o.rewritten, 0), f.foreign_key OR coalesce(o.foreign_key, false), least(f.first_seq, o.first_seq)
       FROM audit_checks c CROSS JOIN ${given}
       LEFT JOIN audit_troubles o ON o.zone_id = f.zone AND o.superseded_by IS NULL AND c.scope = 'new'
      WHERE c.id = $1 AND (c.scope <> 'window' OR NOT EXISTS (SELECT FROM audit_troubles w WHERE w.zone_id = f.zone AND w.superseded_by IS NULL))
        AND NOT EXISTS (SELECT FROM audit_checks later WHERE later.state = 'finished' AND later.scope = 'full' AND later.id <> c.id
                          AND later.started_at > c.started_at AND coalesce(later.zone_id, '') IN ('', f.zone))`,
    [checkId, found],
  );
  await tx.query(
    `UPDATE audit_troubles t SET superseded_by = c.id FROM audit_checks c
      WHERE c.id = $1 AND t.check_id <> c.id AND t.superseded_by IS NULL AND (
        (c.scope = 'full' AND t.as_of <= c.started_at AND (c.zone_id IS NULL OR c.zone_id = t.zone_id))
        OR (c.scope = 'new' AND EXISTS (SELECT FROM audit_troubles n WHERE n.check_id = c.id AND n.zone_id = t.zone_id)))`,
    [checkId],
  );
}
