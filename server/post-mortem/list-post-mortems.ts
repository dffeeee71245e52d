import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { exactInstantSql } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, timeAndId } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";
import type { Database } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { signedOffSql } from "@/server/post-mortem/signed-off";
import type { listPostMortemsInput, MonthFigures, PostMortemSummary } from "@/server/post-mortem/schemas";

type Context = { readonly db: Database; readonly actor: Actor };
type Row = {
  id: string;
  number: number;
  title: string;
  severity: Severity;
  state: string;
  restricted: boolean;
  drill: boolean;
  declared: string;
  written: boolean;
  signed_off: boolean;
  due: Date | null;
  detect: number;
  contain: number | null;
  recover: number | null;
  follow_ups: number;
};

const seconds = (from: string, to: string) => `round(extract(epoch FROM ${to} - ${from}))::int`;

/**
 * Post-mortems that exist or are owed (every P1, and what somebody wrote about), newest incident first, by keyset over
 * (declared_at, id). Seconds are of the database clock; null: has not happened. @throws stale_cursor
 */
export async function listPostMortems({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof listPostMortemsInput>;
}): Promise<Page<PostMortemSummary>> {
  const [at, id] = decodeCursor("post-mortems", {}, input.cursor, timeAndId) ?? [null, null];
  const rows = await ctx.db.query<Row>(
    `SELECT i.id, i.number::int AS number, i.title, i.severity, i.state, i.restricted, i.drill, p.incident_id IS NOT NULL AS written,
            ${exactInstantSql("i.declared_at")} AS declared,
            ${signedOffSql("i")} AS signed_off,
            (SELECT max(c.due_at) FROM incident_clocks c WHERE c.incident_id = i.id AND c.kind = 'post-mortem') AS due,
            ${seconds("i.began_at", "i.declared_at")} AS detect, ${seconds("i.declared_at", "i.contained_at")} AS contain,
            ${seconds("i.declared_at", "i.recovered_at")} AS recover,
            (SELECT count(*) FROM follow_ups f WHERE f.incident_id = i.id AND f.state = 'open')::int AS follow_ups
       FROM incidents i LEFT JOIN post_mortems p ON p.incident_id = i.id
      WHERE ${visibleTo("i", 1)} AND i.merged_into IS NULL AND (i.severity = 'P1' OR p.incident_id IS NOT NULL)
        AND ($3::timestamptz IS NULL OR (i.declared_at, i.id) < ($3::timestamptz, $4::uuid))
      ORDER BY i.declared_at DESC, i.id DESC LIMIT $5`,
    [...viewerParams(ctx.actor), at, id, input.limit + 1],
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("post-mortems", {}, [last.declared, last.id]),
  );
  return {
    rows: page.map((row) => ({
      incident: {
        id: row.id,
        number: row.number,
        title: row.title,
        severity: row.severity,
        state: row.state,
        restricted: row.restricted,
        drill: row.drill,
      },
      state: row.signed_off ? "signed-off" : row.written ? "draft" : "missing",
      dueAt: row.due?.toISOString() ?? null,
      detectSeconds: Math.max(0, row.detect),
      containSeconds: row.contain,
      recoverSeconds: row.recover,
      declaredAt: row.declared,
      openFollowUps: row.follow_ups,
    })),
    nextCursor,
  };
}

/** The last twelve calendar months (UTC) that had incidents: counts by severity and medians. Drills and merged ones are left out. */
export async function incidentMonths({ ctx }: { ctx: Context }): Promise<readonly MonthFigures[]> {
  const median = (from: string, to: string) =>
    `percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ${to} - ${from}))`;
  const rows = await ctx.db.query<{
    month: string;
    p1: number;
    p2: number;
    p3: number;
    p4: number;
    detect: number | null;
    contain: number | null;
    recover: number | null;
  }>(
    `SELECT to_char(date_trunc('month', i.declared_at AT TIME ZONE 'UTC'), 'YYYY-MM') AS month,
            ${["P1", "P2", "P3", "P4"].map((one) => `(count(*) FILTER (WHERE i.severity = '${one}'))::int AS ${one.toLowerCase()}`).join(", ")},
            ${median("i.began_at", "i.declared_at")} AS detect, ${median("i.declared_at", "i.contained_at")} AS contain,
            ${median("i.declared_at", "i.recovered_at")} AS recover
       FROM incidents i
      WHERE ${visibleTo("i", 1)} AND NOT i.drill AND i.merged_into IS NULL
        AND i.declared_at >= date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '11 months'
      GROUP BY 1 ORDER BY 1 DESC LIMIT 12`,
    [...viewerParams(ctx.actor)],
  );
  return rows.map((row) => ({
    month: row.month,
    incidents: { P1: row.p1, P2: row.p2, P3: row.p3, P4: row.p4 },
    medianDetectSeconds: row.detect,
    medianContainSeconds: row.contain,
    medianRecoverSeconds: row.recover,
  }));
}
