import { channelViews } from "@/server/notifications/channel-views";
import { standingWindows } from "@/server/notifications/maintenance-windows";
import { planDeliveries, type PlannedDelivery } from "@/server/notifications/plan-deliveries";
import type { NoticeKind, NoticeTag } from "@/server/notifications/queue-notice";
import { endEntries } from "@/server/notifications/record-delivery";
import { readRules } from "@/server/notifications/rules";
import type { Tier } from "@/server/notifications/schemas";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import type { Severity } from "@/server/platform/severity";
import { appendAnyway } from "@/server/timeline/append-anyway";
import type { NewEntry } from "@/server/timeline/append-entries";

export type PlanContext = { readonly db: Database; readonly settings: Settings };

type NoticeRow = {
  id: string;
  kind: NoticeKind;
  incident_id: string | null;
  number: string | null;
  severity: Severity;
  tags: NoticeTag[];
  now: Date;
};
const mostAtOnce = 50;

/** The next notice without a plan, locked; another planner skips it. Those in `skip` failed a moment ago. */
async function nextNotice(tx: Queryable, skip: readonly string[]): Promise<NoticeRow | null> {
  const [row] = await tx.query<NoticeRow>(
    `SELECT n.id, n.kind, n.incident_id, i.number, n.severity, n.tags, now() AS now
       FROM notices n LEFT JOIN incidents i ON i.id = n.incident_id
      WHERE n.planned_at IS NULL AND n.id <> ALL ($1::uuid[]) ORDER BY n.created_at LIMIT 1 FOR UPDATE OF n SKIP LOCKED`,
    [skip],
  );
  return row ?? null;
}

const openPages = (tx: Queryable, incidentId: string | null) =>
  tx.query<{ tier: Tier; channel: string }>(
    `SELECT DISTINCT ON (channel) tier, channel FROM notification_deliveries
      WHERE incident_id = $1 AND pages = 'trigger' AND state IN ('sending', 'sent') ORDER BY channel, created_at LIMIT 20`,
    [incidentId],
  );

/** Stores one planned message; a problem known now ends it at once. Null when it is there already. */
async function store(tx: Queryable, notice: NoticeRow, one: PlannedDelivery): Promise<{ id: string } | null> {
  const [row] = await tx.query<{ id: string }>(
    `INSERT INTO notification_deliveries
       (notice_id, incident_id, tier, step, channel, severity, escalation, pages, due_at, state, finished_at, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $10 = 'failed' THEN now() END, $11)
     ON CONFLICT (notice_id, tier, step, channel) DO NOTHING RETURNING id`,
    [
      notice.id,
      notice.incident_id,
      one.tier,
      one.step,
      one.channel,
      notice.severity,
      one.escalation,
      one.pages,
      one.dueAt,
      one.problem === null ? "waiting" : "failed",
      one.problem,
    ],
  );
  return row ?? null;
}

/** A newer notice of the incident escalates from here on: the older ones' steps to come would say the same twice. */
async function supersede(tx: Queryable, notice: NoticeRow, tiers: readonly Tier[]): Promise<void> {
  await tx.query(
    `UPDATE notification_deliveries SET state = 'stopped', finished_at = now(), reason = 'A newer notice of the incident goes on from here.'
      WHERE incident_id = $1 AND notice_id <> $2 AND tier = ANY ($3) AND escalation AND state = 'waiting'`,
    [notice.incident_id, notice.id, tiers],
  );
}

async function planNotice({ settings }: PlanContext, tx: Queryable, notice: NoticeRow): Promise<void> {
  const { rules } = await readRules(tx);
  const plans = planDeliveries({
    kind: notice.kind,
    severity: notice.severity,
    tags: notice.tags,
    rules,
    channels: channelViews(settings),
    windows: await standingWindows(tx),
    now: notice.now,
    paged: await openPages(tx, notice.incident_id),
  });
  const entries: NewEntry[] = [];
  const escalated: Tier[] = [];
  for (const { tier, deliveries } of plans) {
    if (deliveries.some(({ escalation }) => escalation)) escalated.push(tier);
    for (const one of deliveries) {
      const row = await store(tx, notice, one);
      if (row === null || one.problem === null) continue;
      const told = { ...one, ...row, incident_id: notice.incident_id, number: notice.number, attempts: 0 };
      entries.push(...endEntries(told, { state: "failed", reason: one.problem }));
    }
  }
  if (notice.incident_id !== null && escalated.length > 0) await supersede(tx, notice, escalated);
  await tx.query("UPDATE notices SET planned_at = now() WHERE id = $1", [notice.id]);
  await appendAnyway(tx, entries);
}

/** Turns notices into deliveries, each notice in a transaction of its own; one that cannot be planned holds up no other. */
export async function planNotices(ctx: PlanContext): Promise<number> {
  const failed: string[] = [];
  for (let planned = 0; planned < mostAtOnce; ) {
    const seen: { id: string | null } = { id: null };
    try {
      const more = await ctx.db.transaction(async (tx) => {
        const notice = await nextNotice(tx, failed);
        if (notice === null) return false;
        seen.id = notice.id;
        await planNotice(ctx, tx, notice);
        return true;
      });
      if (!more) return planned;
      planned += 1;
    } catch (error) {
      if (seen.id === null || failed.length >= 10) throw error;
      failed.push(seen.id);
      log.warn({ notice: seen.id, reason: messageOf(error) }, "a notice was not planned this time");
    }
  }
  return mostAtOnce;
}
