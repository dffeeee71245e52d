import type { AuditWindow } from "@/server/caracal/audit-read";
import type { Queryable } from "@/server/platform/postgres";

export type StoredVocabulary = {
  readonly eventTypes: string[];
  readonly decisions: string[];
  readonly evaluationStatuses: string[];
};

/**
 * Types, decisions and statuses of the newest `perDay` events of each zone on each day of the window: a bounded sample, as
 * no index holds these columns. A type rarer than that may be missing.
 */
export async function sampleVocabulary(
  tx: Queryable,
  zoneIds: readonly string[],
  window: AuditWindow,
  perDay: number,
): Promise<StoredVocabulary> {
  const rows = await tx.query<StoredVocabulary>(
    `WITH sample AS MATERIALIZED (
       SELECT event.* FROM unnest($1::text[]) AS zone (id)
       CROSS JOIN generate_series($2::timestamptz, $3::timestamptz - interval '1 microsecond', interval '1 day') AS day (start)
       CROSS JOIN LATERAL (
         SELECT event_type, decision, evaluation_status FROM audit_events
         WHERE zone_id = zone.id AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz
           AND occurred_at >= day.start AND occurred_at < day.start + interval '1 day'
         ORDER BY occurred_at DESC LIMIT $4::int) AS event)
     SELECT ARRAY(SELECT DISTINCT event_type FROM sample WHERE event_type <> '' ORDER BY 1 LIMIT 100) AS "eventTypes",
       ARRAY(SELECT DISTINCT decision FROM sample WHERE decision <> '' ORDER BY 1 LIMIT 100) AS decisions,
       ARRAY(SELECT DISTINCT evaluation_status FROM sample WHERE evaluation_status <> '' ORDER BY 1 LIMIT 100) AS "evaluationStatuses"`,
    [zoneIds, window.since, window.until, perDay],
  );
  return rows[0] ?? { eventTypes: [], decisions: [], evaluationStatuses: [] };
}

/** Of zone ids that events carry those that no zones row has. */
export async function readStrangeZones(tx: Queryable, zoneIds: readonly string[], most: number): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    "SELECT id FROM unnest($1::text[]) AS carried (id) WHERE NOT EXISTS (SELECT 1 FROM zones WHERE zones.id = carried.id) ORDER BY id LIMIT $2",
    [zoneIds, most],
  );
  return rows.map(({ id }) => id);
}
