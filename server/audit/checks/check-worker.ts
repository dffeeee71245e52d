import { anchorsOf } from "@/server/audit/anchors/anchor-heads";
import { beginningsOf } from "@/server/audit/anchors/chain-beginnings";
import { carriedFindings } from "@/server/audit/checks/carried-findings";
import { noteOn, untoldRows } from "@/server/audit/checks/check-note";
import {
  beating,
  type CheckContext,
  type CheckRow,
  Ended,
  takeCheck,
  type ZoneRow,
} from "@/server/audit/checks/check-rows";
import { checkedHeads, streamHeardTo } from "@/server/audit/checks/checked-heads";
import { finishCheck } from "@/server/audit/checks/finish-check";
import { foundDigests } from "@/server/audit/checks/found-digest";
import { hearStream, type HeardStream } from "@/server/audit/checks/hear-stream";
import { planZones } from "@/server/audit/checks/plan-zones";
import { reading } from "@/server/audit/checks/reading";
import type { CheckWitnesses } from "@/server/audit/checks/schemas";
import { mostKept, walkZone } from "@/server/audit/checks/walk-zone";
import { driftOf } from "@/server/audit/checks/zone-drift";
import { JudgePool } from "@/server/audit/threads/judge-pool";
import type { Anchor } from "@/server/audit/verify/finding";
import { ingestedUpTo, type Settled } from "@/server/caracal/audit-chain-read";
import { oldestPartition } from "@/server/caracal/audit-partitions-read";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { isUniqueViolation, type Queryable } from "@/server/platform/postgres";

const zonesOf = (db: Queryable, checkId: string): Promise<ZoneRow[]> =>
  db.query<ZoneRow>(
    `SELECT zone_id, zone_name, state, newest_seq::float8 AS newest_seq, from_seq::float8 AS from_seq, until_seq::float8 AS until_seq, walk, totals,
            trouble, judged::float8 AS judged FROM audit_check_zones WHERE check_id = $1 ORDER BY zone_id`,
    [checkId],
  );

/** Zones that only the stream speaks of any more: all their rows are gone. */
async function addAbsentZones(ctx: CheckContext, check: CheckRow, heard: HeardStream | null): Promise<void> {
  if (heard === null || check.zone_id !== null || check.scope === "window") return;
  await ctx.db.query(
    `INSERT INTO audit_check_zones (check_id, zone_id) SELECT $1, zone FROM unnest($2::text[]) AS zone
      WHERE $3 = 'full' OR NOT EXISTS (SELECT FROM audit_checked_heads h WHERE h.zone_id = zone) ON CONFLICT DO NOTHING`,
    [check.id, [...heard.absent.keys()], check.scope],
  );
}

/** Anchors by zone, and for a check of newer rows the heads that it goes on from. */
async function anchorsFor(
  ctx: CheckContext,
  check: CheckRow,
  zones: readonly ZoneRow[],
  keptFrom: number | undefined,
): Promise<Map<string, Anchor[]>> {
  const anchors = await anchorsOf(ctx.db, new Set(zones.map(({ zone_id }) => zone_id)), check.id, keptFrom);
  if (check.scope !== "new") return anchors;
  for (const [zone, head] of await checkedHeads(ctx.db, zones, check.id))
    anchors.set(zone, [...(anchors.get(zone) ?? []).filter(({ seq }) => seq !== head.seq), head]);
  return anchors;
}

async function listen(
  ctx: CheckContext,
  check: CheckRow,
  settled: Settled | null,
  zones: readonly ZoneRow[],
  beat: ReturnType<typeof beating>,
): Promise<HeardStream | null> {
  if (ctx.auditKey === null || settled === null) return null;
  const after = check.scope === "new" ? await streamHeardTo(ctx.db) : null;
  const bases = new Map(
    zones.flatMap(({ zone_id: id, from_seq: from }) => (from === null ? [] : [[id, from] as const])),
  );
  return hearStream(ctx, { zoneId: check.zone_id, key: ctx.auditKey, settled, after, bases }, beat);
}

async function carryOut(ctx: CheckContext, check: CheckRow): Promise<void> {
  const beat = beating(ctx, check.id);
  let away = false;
  const settled = // before any row is looked up
    ctx.auditKey === null
      ? null
      : await ingestedUpTo(ctx.caracal.redis).catch((error: unknown) => {
          log.warn({ reason: messageOf(error) }, "an audit check goes on without the stream");
          away = true;
          return null;
        });
  await planZones(ctx, check);
  await beat.at("reading", 0);
  const planned = await zonesOf(ctx.db, check.id);
  const keptFrom = await reading(ctx, oldestPartition);
  const anchors = await anchorsFor(ctx, check, planned, keptFrom);
  const beginnings = await beginningsOf(
    ctx.db,
    planned.map(({ zone_id }) => zone_id),
    check.id,
  );
  const heard = await listen(ctx, check, settled, planned, beat);
  const pool = new JudgePool();
  try {
    await addAbsentZones(ctx, check, heard);
    const zones = await zonesOf(ctx.db, check.id);
    const { drifted, overwritten, undecided, sealedSince } = await driftOf(ctx, check, zones, heard, beat);
    const [kept] = await ctx.db.query<{ found: number }>(
      "SELECT count(*)::float8 AS found FROM audit_findings WHERE check_id = $1",
      [check.id],
    );
    const progress = { done: zones.reduce((sum, { judged }) => sum + judged, 0), found: kept?.found ?? 0 };
    for (const zone of zones)
      if (zone.state !== "done" && !undecided.has(zone.zone_id))
        await walkZone(
          ctx,
          check,
          zone,
          { heard, anchors, beginnings, drifted, overwritten, sealedSince, keptFrom, pool },
          beat,
          progress,
        );
    const carried = await carriedFindings(ctx, check, zones, heard, drifted);
    const withRows = zones.filter(({ newest_seq }) => newest_seq !== null).length;
    const drift = drifted.size > 0 && drifted.size >= withRows; // of every chain
    const witnesses: CheckWitnesses = {
      seal: ctx.auditKey !== null && !drift,
      stream: heard === null || drift ? null : heard.seen,
      anchors: [...anchors.values()].reduce((sum, list) => sum + list.length, 0),
      note: noteOn(check.scope, {
        keyed: ctx.auditKey !== null,
        stream: settled !== null ? "heard" : away ? "unreachable" : "not there",
        carried: carried.length,
        cut: progress.found >= mostKept,
        drifted: drifted.size,
        overwritten: zones.filter(({ zone_id: id }) => overwritten.has(id)).map((one) => one.zone_name ?? one.zone_id),
        undecided: undecided.size,
        zones: withRows,
        untold: await untoldRows(ctx.db, check.id),
      }),
    };
    const digests = await foundDigests(
      ctx,
      check,
      zones.map(({ zone_id: id }) => id),
      carried,
    );
    await finishCheck(ctx, check, {
      witnesses,
      streamTo: heard?.settledTo ?? null,
      carried,
      found: progress.found,
      digests,
    });
  } finally {
    await Promise.all([pool.close(), heard?.close()]);
  }
}

/** One check, from where it was left to its end. A failure is written on it and it is gone on with. True: there may be another. */
export async function advanceOneCheck(ctx: CheckContext): Promise<boolean> {
  const check = await takeCheck(ctx);
  if (check === null) return false;
  try {
    await carryOut(ctx, check);
  } catch (error) {
    if (error instanceof Ended && error.why === "cancelled")
      await ctx.db.query(
        "UPDATE audit_checks SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = $1 AND holder = $2 AND state = 'running'",
        [check.id, ctx.holder],
      );
    else if (!(error instanceof Ended) && !isUniqueViolation(error))
      await ctx.db.query("UPDATE audit_checks SET error = $3 WHERE id = $1 AND holder = $2 AND state = 'running'", [
        check.id,
        ctx.holder,
        messageOf(error).slice(0, 500),
      ]);
  }
  return true;
}

/** Works off checks, one at a time in each replica; one whose worker has gone silent is gone on with by another. */
export const createCheckWorker = (ctx: CheckContext): Repeating =>
  repeat("audit checks", 1_000, () => advanceOneCheck(ctx));
