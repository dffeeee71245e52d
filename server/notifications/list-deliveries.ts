import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import type { NoticeKind } from "@/server/notifications/queue-notice";
import type { deliveriesInput, Delivery, DeliveryState, Tier } from "@/server/notifications/schemas";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import type { Page } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

type Input = { ctx: { db: Database; actor: Actor }; input: z.output<typeof deliveriesInput> };

type Row = {
  id: string;
  kind: NoticeKind;
  severity: Severity;
  incident_id: string | null;
  number: string | null;
  sentence: string;
  tier: Tier;
  step: number;
  channel: string;
  state: DeliveryState;
  exact_at: string;
  due_at: Date;
  attempts: number;
  finished_at: Date | null;
  reason: string | null;
};

/** Deliveries, newest first, without those of restricted incidents that the viewer may not see. @throws stale_cursor */
export async function listDeliveries({ ctx, input }: Input): Promise<Page<Delivery>> {
  const { states, limit } = input;
  const filter = {
    states: states.join(","),
    channel: input.channel ?? undefined,
    incident: input.incidentId ?? undefined,
  };
  const after = decodeCursor("deliveries", filter, input.cursor, timeAndId);
  const rows = await ctx.db.query<Row>(
    `SELECT d.id, n.kind, d.severity, d.incident_id, i.number, n.sentence, d.tier, d.step, d.channel, d.state,
            ${exactInstantSql("d.created_at")} AS exact_at, d.due_at, d.attempts, d.finished_at, d.reason
       FROM notification_deliveries d JOIN notices n ON n.id = d.notice_id LEFT JOIN incidents i ON i.id = d.incident_id
      WHERE ${visibleByIncident("d.incident_id", 1)}
        AND (cardinality($3::text[]) = 0 OR d.state = ANY ($3)) AND ($4::text IS NULL OR d.channel = $4)
        AND ($5::uuid IS NULL OR d.incident_id = $5)
        AND ($6::timestamptz IS NULL OR (d.created_at, d.id) < ($6::timestamptz, $7::uuid))
      ORDER BY d.created_at DESC, d.id DESC LIMIT $8`,
    [
      ...viewerParams(ctx.actor),
      states,
      input.channel ?? null,
      input.incidentId ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit + 1,
    ],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    nextCursor:
      rows.length > limit && last !== undefined ? encodeCursor("deliveries", filter, [last.exact_at, last.id]) : null,
    rows: page.map((row) => ({
      id: row.id,
      kind: row.kind,
      severity: row.severity,
      incident: row.incident_id === null ? null : { id: row.incident_id, number: Number(row.number) },
      sentence: row.sentence,
      tier: row.tier,
      step: row.step,
      channel: row.channel,
      state: row.state,
      createdAt: row.exact_at,
      dueAt: row.due_at.toISOString(),
      attempts: row.attempts,
      finishedAt: row.finished_at?.toISOString() ?? null,
      reason: row.reason,
    })),
  };
}
