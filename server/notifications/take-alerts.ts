import type { ForeignSignal } from "@/server/notifications/alertmanager";
import type { Database } from "@/server/platform/postgres";

export type TakenAlerts = { readonly declared: number; readonly seen: number; readonly cleared: number };

/**
 * Declares firing alerts as signals and clears resolved ones. Repeating it changes nothing: an open signal per fingerprint is
 * only seen again, and an alert that was cleared stays cleared until it fires anew (a later start).
 */
export async function takeAlerts({
  ctx,
  input,
}: {
  ctx: { db: Database };
  input: readonly ForeignSignal[];
}): Promise<TakenAlerts> {
  const firing = input.filter((one) => one.firing);
  const resolved = input.filter((one) => !one.firing).map(({ key }) => key);
  return ctx.db.transaction(async (tx) => {
    const stored = await tx.query<{ fresh: boolean }>(
      `INSERT INTO declared_signals AS s
         (severity, sentence, zone_id, declared_by_id, declared_by_name, declared_at, source, external_key, seen_at)
       SELECT a->>'severity', a->>'sentence', a->>'zoneId', 'alertmanager', 'Alertmanager',
              least((a->>'startsAt')::timestamptz, now()), 'alertmanager', a->>'key', now()
         FROM json_array_elements($1::json) WITH ORDINALITY AS given (a, place) ORDER BY place
       ON CONFLICT (source, external_key) WHERE external_key IS NOT NULL
       DO UPDATE SET seen_at = now(), severity = excluded.severity, sentence = excluded.sentence, zone_id = excluded.zone_id,
              declared_at = excluded.declared_at, opened_at = CASE WHEN s.cleared_at IS NULL THEN s.opened_at ELSE now() END,
              cleared_at = NULL, cleared_by_id = NULL, cleared_by_name = NULL, clear_reason = NULL
        WHERE s.cleared_at IS NULL OR excluded.declared_at > s.declared_at
       RETURNING s.opened_at = now() AS fresh`,
      [JSON.stringify(firing)],
    );
    const cleared = await tx.query(
      `UPDATE declared_signals
          SET cleared_by_id = 'alertmanager', cleared_by_name = 'Alertmanager', cleared_at = now(), clear_reason = 'Resolved in Alertmanager.'
        WHERE id IN (
          SELECT id FROM declared_signals
           WHERE source = 'alertmanager' AND external_key = ANY ($1::text[]) AND cleared_at IS NULL
           ORDER BY external_key FOR UPDATE)
        RETURNING id`,
      [resolved],
    );
    const declared = stored.filter(({ fresh }) => fresh).length;
    return { declared, seen: stored.length - declared, cleared: cleared.length };
  });
}
