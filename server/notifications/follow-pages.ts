import type { Queryable } from "@/server/platform/postgres";

/**
 * Notices for channels that hold an open page of an incident: once it is acknowledged, and once it is resolved, closed or
 * merged away, however its severity or the rules have changed since. One per page opened, whichever replica is first.
 */
export async function followPages(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO notices (key, kind, incident_id, severity, sentence, path)
     SELECT DISTINCT ON (i.id, what.kind) what.kind || ':' || d.id, what.kind, i.id, i.severity, what.sentence, '/incidents/' || i.id
       FROM notification_deliveries d JOIN incidents i ON i.id = d.incident_id
      CROSS JOIN LATERAL (VALUES
        ('incident-acknowledged', 'Acknowledged', i.acknowledged_at IS NOT NULL),
        ('incident-ended', 'Over', i.state IN ('resolved', 'closed') OR i.merged_into IS NOT NULL)) AS what (kind, sentence, holds)
      WHERE d.pages = 'trigger' AND d.state = 'sent' AND d.finished_at > now() - interval '30 days' AND what.holds
        AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.incident_id = i.id AND n.kind = what.kind AND n.created_at > d.finished_at)
      ORDER BY i.id, what.kind, d.finished_at DESC, d.id LIMIT 100
     ON CONFLICT (key) DO NOTHING`,
  );
}
