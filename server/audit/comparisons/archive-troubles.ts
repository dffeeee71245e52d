import { hourMs } from "@/server/audit/archive/export-key";
import type { Difference, FileTrouble } from "@/server/audit/archive/finding";
import type { Queryable } from "@/server/platform/postgres";

type Counts = {
  removed: number;
  rewritten: number;
  changed: number;
  added: number;
  archive_changed: number;
  files: number;
};
type Trouble = Counts & { first_seq: number | null; from: number | null; to: number | null };

/** What is wrong with each zone by the archive's witness; under the empty id, with the archive itself. */
export type ArchiveTroubles = Map<string, Trouble>;

const archiveItself = "";

function add(
  troubles: ArchiveTroubles,
  zone: string,
  kind: keyof Counts,
  hour: string | null,
  seq: number | null,
): void {
  const trouble = troubles.get(zone) ?? {
    ...{ removed: 0, rewritten: 0, changed: 0, added: 0, archive_changed: 0, files: 0 },
    first_seq: null,
    from: null,
    to: null,
  };
  trouble[kind] += 1;
  if (seq !== null && (trouble.first_seq === null || seq < trouble.first_seq)) trouble.first_seq = seq;
  if (hour !== null) {
    const start = Date.parse(`${hour}:00:00Z`);
    trouble.from = Math.min(trouble.from ?? start, start);
    trouble.to = Math.max(trouble.to ?? start + hourMs, start + hourMs);
  }
  troubles.set(zone, trouble);
}

/** Counts one difference: against its zone, or against the archive where the row proves itself. */
export function addDifference(troubles: ArchiveTroubles, one: Difference): void {
  const { zone_id: zone, hour, chain_seq: seq } = one;
  if (one.finding === "twice_in_archive" || one.row_proves_itself === true) {
    add(troubles, archiveItself, "archive_changed", hour, null);
    return;
  }
  const kind = {
    missing_in_database: "removed",
    missing_in_archive: "added",
    content_differs: "rewritten",
    columns_differ: "changed",
  } as const;
  add(troubles, zone, kind[one.finding], hour, seq);
}

/** Counts one file or hour that could not be used; what only has a name that does not fit is no trouble. */
export function addFile(troubles: ArchiveTroubles, { trouble, hour }: FileTrouble): void {
  if (trouble !== "foreign-name") add(troubles, archiveItself, "files", hour, null);
}

/**
 * Puts what a finished comparison found in the place of what earlier ones found in the same zones and hours. One that began to read before
 * another that covers the same has ended says nothing new. Call it in the transaction that finishes the comparison.
 */
export async function keepArchiveTroubles(
  tx: Queryable,
  comparisonId: string,
  troubles: ArchiveTroubles,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.query(
    `UPDATE audit_archive_troubles t SET superseded_by = c.id FROM audit_comparisons c
      WHERE c.id = $1 AND t.superseded_by IS NULL AND t.as_of <= c.started_at AND t.hours_from >= c.compared_from AND t.hours_to <= c.compared_to
        AND (c.zone_id IS NULL OR c.zone_id = t.zone_id OR (t.zone_id = '' AND t.archive_changed = 0))`,
    [comparisonId],
  );
  const rows = [...troubles].map(([zone, { from, to, ...counts }]) => ({
    ...counts,
    zone,
    name: zone === archiveItself ? "the archive" : (names.get(zone) ?? zone),
    hours_from: from === null ? null : new Date(from).toISOString(),
    hours_to: to === null ? null : new Date(to).toISOString(),
  }));
  await tx.query(
    `INSERT INTO audit_archive_troubles (comparison_id, zone_id, zone_name, as_of, hours_from, hours_to, removed, rewritten, changed, added, archive_changed, files, first_seq)
     SELECT c.id, t.zone, t.name, c.started_at, coalesce(t.hours_from, c.compared_from), coalesce(t.hours_to, c.compared_to),
            t.removed, t.rewritten, t.changed, t.added, t.archive_changed, t.files, t.first_seq
       FROM audit_comparisons c, json_to_recordset($2::json) AS t (zone text, name text, hours_from timestamptz, hours_to timestamptz,
            removed int, rewritten int, changed int, added int, archive_changed int, files int, first_seq bigint)
      WHERE c.id = $1 AND NOT EXISTS (
        SELECT FROM audit_comparisons later WHERE later.state = 'finished' AND later.started_at > c.started_at
           AND coalesce(later.zone_id, '') IN ('', t.zone)
           AND later.compared_from <= coalesce(t.hours_from, c.compared_from) AND later.compared_to >= coalesce(t.hours_to, c.compared_to))`,
    [comparisonId, JSON.stringify(rows)],
  );
}
