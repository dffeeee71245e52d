import type { EvidenceTrouble } from "@/server/detection/facts";
import type { Queryable } from "@/server/platform/postgres";

/** Items of the vault with files that were not what they had been when they were last read, the longest known first, at most 100. */
export const evidenceTroubles = (db: Queryable): Promise<EvidenceTrouble[]> =>
  db.query<EvidenceTrouble>(
    `SELECT i.id AS "itemId", (extract(epoch FROM coalesce(i.finished_at, i.requested_at)) * 1000)::float8 AS "preservedAt",
            count(*) FILTER (WHERE c.verdict = 'mismatch')::int AS changed, count(*) FILTER (WHERE c.verdict = 'missing')::int AS missing,
            (extract(epoch FROM min(c.verified_at)) * 1000)::float8 AS at, string_agg(DISTINCT c.store, ' and ') AS store
       FROM evidence_copies c JOIN evidence_items i ON i.id = c.item_id WHERE c.verdict <> 'whole' AND i.state <> 'removed'
      GROUP BY i.id ORDER BY min(c.verified_at), i.id LIMIT 100`,
  );
