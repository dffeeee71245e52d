import { recordEnd } from "@/server/notifications/record-delivery";
import type { TakenDelivery } from "@/server/notifications/delivery-rows";
import type { Database } from "@/server/platform/postgres";

const minutes = 10; // replicas may run on different settings while they are rolled out

/** Fails what waits for a channel that this console no longer knows, so that nothing waits for ever unseen. */
export async function giveUpUnconfigured(db: Database, names: readonly string[]): Promise<void> {
  const rows = await db.query<TakenDelivery>(
    `WITH taken AS (
       UPDATE notification_deliveries SET state = 'sending', attempts = attempts + 1, lease_until = now() + interval '60 seconds'
        WHERE id IN (
          SELECT id FROM notification_deliveries
           WHERE channel <> ALL ($1::text[]) AND due_at < now() - make_interval(mins => $2)
             AND state IN ('waiting', 'sending') AND (lease_until IS NULL OR lease_until < now())
           ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED)
       RETURNING *)
     SELECT d.*, i.number FROM taken d LEFT JOIN incidents i ON i.id = d.incident_id`,
    [names, minutes],
  );
  for (const row of rows)
    await recordEnd(db, row, { state: "failed", reason: `No channel named ${row.channel} is configured any more.` });
}
