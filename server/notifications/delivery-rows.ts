import { linkTo, type Message, messageOf } from "@/server/notifications/message";
import type { PageAction } from "@/server/notifications/plan-deliveries";
import type { NoticeKind } from "@/server/notifications/queue-notice";
import type { Tier } from "@/server/notifications/schemas";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** How long a taken delivery is its taker's; longer than an attempt and its record may last. */
const leaseSeconds = 60;

/** A delivery that this process has taken, with everything that decides what becomes of it. */
export type TakenDelivery = {
  readonly id: string;
  readonly attempts: number; // this one counted: the token under which its end is recorded
  readonly incident_id: string | null;
  readonly notice_id: string;
  readonly tier: Tier;
  readonly step: number;
  readonly channel: string;
  readonly severity: Severity;
  readonly escalation: boolean;
  readonly pages: PageAction | null;
  readonly kind: NoticeKind;
  readonly sentence: string;
  readonly path: string;
  readonly number: string | null;
  readonly restricted: boolean | null;
  readonly drill: boolean | null;
  readonly acknowledged: boolean;
  readonly over: boolean; // resolved, closed or merged into another
  readonly now: Date;
};

/** Takes up to `most` due deliveries of a channel, those of dead takers included. No two processes get the same one. */
export async function takeDue(db: Queryable, channel: string, most: number): Promise<readonly TakenDelivery[]> {
  return db.query<TakenDelivery>(
    `WITH taken AS (
       UPDATE notification_deliveries
          SET state = 'sending', attempts = attempts + 1, lease_until = now() + make_interval(secs => $3)
        WHERE id IN (
          SELECT id FROM notification_deliveries
           WHERE channel = $1 AND state IN ('waiting', 'sending') AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
           ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING *)
     SELECT d.id, d.attempts, d.incident_id, d.notice_id, d.tier, d.step, d.channel, d.severity, d.escalation, d.pages,
            n.kind, n.sentence, n.path, i.number, i.restricted, i.drill, now() AS now,
            i.acknowledged_at IS NOT NULL AS acknowledged,
            coalesce(i.state IN ('resolved', 'closed') OR i.merged_into IS NOT NULL, false) AS over
       FROM taken d JOIN notices n ON n.id = d.notice_id LEFT JOIN incidents i ON i.id = d.incident_id`,
    [channel, most, leaseSeconds],
  );
}

/** What the channel is given to say, as the incident is now: restricted since the plan counts as restricted. */
export function messageFor(row: TakenDelivery, authUrl: string | undefined): Message {
  const incident =
    row.incident_id === null || row.number === null
      ? null
      : {
          id: row.incident_id,
          number: Number(row.number),
          restricted: row.restricted === true,
          drill: row.drill === true,
        };
  const message = messageOf({ ...row, noticeId: row.notice_id, incident, authUrl });
  return incident?.restricted === true ? { ...message, link: linkTo(authUrl, `/incidents/${incident.id}`) } : message;
}
