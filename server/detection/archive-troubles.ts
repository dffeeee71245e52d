import type { ArchiveTrouble } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";

const most = 100;
const looked = 1_000; // differences of a zone that are held against what its check told

/**
 * What the newest comparisons found, the longest known first, at most 100; or of one zone. Rows that the newest check of the zone's chain
 * tells too are taken off, and a neighbour whose seal was made to fit such a row: one cause is told once.
 */
export async function openArchiveTroubles(
  db: Queryable,
  zoneId: string | null = null,
): Promise<readonly ArchiveTrouble[]> {
  const rows = await db.query<ArchiveTrouble & { told: Readonly<Record<string, number>> | null }>(
    `SELECT t.comparison_id AS "comparisonId", t.zone_id AS "zoneId", t.zone_name AS zone, (extract(epoch FROM t.as_of) * 1000)::float8 AS at,
            t.removed, t.rewritten, t.changed, t.added, t.archive_changed AS "archiveChanged", t.files, t.first_seq::float8 AS "firstSeq", told.told
       FROM audit_archive_troubles t LEFT JOIN LATERAL (
         SELECT json_object_agg(finding, n) AS told FROM (
           SELECT finding, count(*) AS n FROM (
             SELECT * FROM audit_differences WHERE comparison_id = t.comparison_id AND zone_id = t.zone_id
                AND row_proves_itself IS NOT TRUE AND finding <> 'twice_in_archive' ORDER BY n LIMIT ${looked}) AS d
            WHERE EXISTS (
              SELECT FROM audit_troubles c JOIN audit_findings f ON f.check_id = c.check_id AND f.zone_id = c.zone_id
               WHERE c.superseded_by IS NULL AND c.zone_id = t.zone_id
                 AND (f.event_id = d.event_id OR f.chain_seq = d.chain_seq OR (d.columns = '{chain_hmac}' AND f.chain_seq = d.chain_seq - 1)))
            GROUP BY finding) AS counted) AS told ON true
      WHERE t.superseded_by IS NULL AND ($1::text IS NULL OR t.zone_id = $1) ORDER BY t.as_of, t.zone_id LIMIT ${most}`,
    [zoneId],
  );
  return rows
    .map(({ told, ...trouble }) => ({
      ...trouble,
      removed: trouble.removed - (told?.missing_in_database ?? 0),
      rewritten: trouble.rewritten - (told?.content_differs ?? 0),
      changed: trouble.changed - (told?.columns_differ ?? 0),
      added: trouble.added - (told?.missing_in_archive ?? 0),
    }))
    .filter(
      ({ removed, rewritten, changed, added, archiveChanged, files }) =>
        removed + rewritten + changed + added + archiveChanged + files > 0,
    );
}
