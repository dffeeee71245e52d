import type { TakenDelivery } from "@/server/notifications/delivery-rows";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain, type NewEntry } from "@/server/timeline/append-entries";
import type { Database, Queryable } from "@/server/platform/postgres";

export type DeliveryEnd = {
  readonly state: "sent" | "failed" | "suppressed" | "stopped";
  readonly reason: string | null;
};
type Told = Pick<TakenDelivery, "id" | "incident_id" | "tier" | "step" | "channel" | "pages" | "attempts" | "number">;

const cut = (text: string | null): string | null => (text === null ? null : text.slice(0, 500));

function sentenceOf(row: Told, { state, reason }: DeliveryEnd): string {
  const about = row.number === null ? "" : `INC-${row.number}: `;
  if (row.pages === "acknowledge" || row.pages === "resolve") {
    const what = row.pages === "resolve" ? "resolved" : "acknowledged";
    return `${about}${state === "sent" ? `page ${what} at ${row.channel}` : `page not ${what} at ${row.channel}: ${reason ?? state}`}`;
  }
  const step = `step ${row.step}`;
  if (state === "sent") return `${about}${row.tier} told by ${row.channel}, ${step}`;
  return `${about}${row.tier} not told by ${row.channel}, ${step}: ${reason ?? state}`;
}

/** The entry of what became of a delivery; nothing for steps that an acknowledgement made needless. */
export function endEntries(row: Told, end: DeliveryEnd): readonly NewEntry[] {
  if (end.state === "stopped") return [];
  const { tier, step, channel, attempts } = row;
  return [
    {
      chain: row.incident_id ?? consoleChain, // appended anyway, see `appendAnyway`
      kind: `notification.${end.state}`,
      by: null,
      summary: sentenceOf(row, end),
      details: {
        parameters: { tier, step, channel, ...(end.state === "suppressed" ? {} : { attempts }) },
        refs: { notification: row.id },
      },
    },
  ];
}

/**
 * Records the end of a taken delivery with its entry on the timeline, in one transaction; false when another process has
 * taken it over meanwhile, which then records it.
 */
export async function recordEnd(db: Database, row: Told, end: DeliveryEnd): Promise<boolean> {
  return db.transaction(async (tx) => {
    const ended = await tx.query(
      `UPDATE notification_deliveries SET state = $3, reason = $4, finished_at = now(), lease_until = NULL,
              attempts = attempts - CASE WHEN $3 IN ('suppressed', 'stopped') THEN 1 ELSE 0 END -- nothing was sent
        WHERE id = $1 AND state = 'sending' AND attempts = $2 RETURNING id`,
      [row.id, row.attempts, end.state, cut(end.reason)],
    );
    if (ended.length === 0) return false;
    await appendAnyway(tx, endEntries(row, end));
    return true;
  });
}

/** Puts a taken delivery back for another attempt after so many seconds. */
export async function recordRetry(db: Queryable, row: Told, reason: string, afterSeconds: number): Promise<void> {
  await db.query(
    `UPDATE notification_deliveries
        SET state = 'waiting', reason = $3, lease_until = NULL, due_at = now() + make_interval(secs => $4)
      WHERE id = $1 AND state = 'sending' AND attempts = $2`,
    [row.id, row.attempts, cut(reason), afterSeconds],
  );
}
