import { recordApprovalResult } from "@/server/approvals/record-result";
import { keyJobEntry } from "@/server/keys/key-job-entry";
import { type KeyContext, type KeyJobRow, TakenOver } from "@/server/keys/key-job-rows";
import {
  chooseNext,
  forgetPace,
  livingConsumers,
  type OpenZone,
  paceOf,
  publishOnce,
} from "@/server/keys/rotation/deliver-invalidations";
import { judgeDelivery } from "@/server/keys/rotation/key-consumers";
import { askEveryReplica, notServed } from "@/server/keys/rotation/prove-zones";
import { writeKeys } from "@/server/keys/rotation/write-keys";
import type { Queryable } from "@/server/platform/postgres";

const page = 500;

/** Those that are still to be told first, then those that were asked about longest ago: none of them waits for the others. */
const openZones = (db: Queryable, jobId: string): Promise<OpenZone[]> =>
  db.query<OpenZone>(
    `SELECT zone_id, written_at, publications, delivered, told_at IS NOT NULL AS asked FROM key_job_zones
      WHERE job_id = $1 AND state = 'written' ORDER BY told_at NULLS FIRST, zone_id LIMIT $2`,
    [jobId, page],
  );

type Progress = { planned: number; written: number; proved: number; left: number };
const progressOf = async (db: Queryable, jobId: string): Promise<Progress> => {
  const [row] = await db.query<Progress>(
    `SELECT count(*) FILTER (WHERE state = 'planned')::int AS planned, count(*) FILTER (WHERE state = 'written')::int AS written,
            count(*) FILTER (WHERE state = 'proved')::int AS proved, count(*) FILTER (WHERE state = 'left')::int AS left
       FROM key_job_zones WHERE job_id = $1`,
    [jobId],
  );
  return row ?? { planned: 0, written: 0, proved: 0, left: 0 };
};

async function beat(tx: Queryable, ctx: KeyContext, job: KeyJobRow, phase: string): Promise<void> {
  const { planned, written, proved, left } = await progressOf(tx, job.id);
  const rows = await tx.query(
    `UPDATE key_jobs SET phase = $3, done = $4, total = $5, error = NULL, heartbeat_at = now()
      WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
    [job.id, ctx.holder, phase, proved + left, planned + written + proved + left],
  );
  if (rows.length === 0) throw new TakenOver();
}

/** Nobody writes further zones; what is written goes on to be delivered and proved. */
async function leavePlanned(ctx: KeyContext, job: KeyJobRow): Promise<void> {
  await ctx.db.query(
    "UPDATE key_job_zones SET state = 'left', note = 'Cancelled before its turn: its keys are as they were.' WHERE job_id = $1 AND state = 'planned'",
    [job.id],
  );
}

async function finish(ctx: KeyContext, job: KeyJobRow): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { proved, left } = await progressOf(tx, job.id);
    const state = job.cancel_asked_at !== null && proved === 0 ? "cancelled" : "finished";
    const keys = job.parameters.mode === "compromise" ? "two new keys, the old ones are trusted no more" : "a new key";
    const sentence =
      `${proved} ${proved === 1 ? "zone has" : "zones have"} ${keys}: every STS consumer was told and every STS replica serves the newest two` +
      (left === 0 ? "" : `; ${left} left as they were`) +
      (job.cancel_asked_at === null ? "" : ` (cancelled by ${job.cancel_asked_by})`);
    const rows = await tx.query(
      `UPDATE key_jobs SET state = $3, phase = 'end', finished_at = clock_timestamp(), done = $4, total = $4, result = $5, error = NULL
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [job.id, ctx.holder, state, proved + left, JSON.stringify({ proved, left })],
    );
    if (rows.length === 0) throw new TakenOver();
    await keyJobEntry(tx, job, `rotate-${state}`, sentence);
    if (job.approval_id !== null) await recordApprovalResult(tx, job.approval_id, sentence, []);
  });
  forgetPace(job.id);
}

/** Proves zones of which every STS was told; writes down of the rest what is still missing. Gives how many are proved now. */
async function proveZones(
  ctx: KeyContext,
  job: KeyJobRow,
  zones: readonly OpenZone[],
): Promise<{ readonly proved: number; readonly undelivered: readonly OpenZone[]; readonly living: number }> {
  const { living, configured } = await livingConsumers(ctx, job);
  const verdicts = zones.map((zone) => ({
    zone,
    verdict: judgeDelivery({
      delivered: zone.delivered,
      consumers: living,
      configured,
      writtenAt: zone.written_at.getTime(),
      now: Date.now(),
    }),
  }));
  // While some are still to be told, each of the others is asked once: replicas that do not answer must not hold the telling up.
  const telling = verdicts.some(({ verdict }) => !verdict.done);
  const told = verdicts.filter(({ zone, verdict }) => verdict.done && !(telling && zone.asked));
  const jwks = await askEveryReplica(
    ctx,
    told.map(({ zone }) => zone.zone_id),
  );
  const rows = verdicts
    .filter(({ zone, verdict }) => !(telling && verdict.done && zone.asked))
    .map(({ zone, verdict }) => {
      const served = jwks.get(zone.zone_id) ?? [];
      const missing = verdict.done ? notServed(served) : verdict.note;
      return {
        zone: zone.zone_id,
        told: verdict.done,
        proved: missing === null,
        note: missing ?? verdict.note,
        jwks: served,
      };
    });
  await ctx.db.query(
    `UPDATE key_job_zones z SET state = CASE WHEN (r->>'proved')::boolean THEN 'proved' ELSE z.state END,
            proved_at = CASE WHEN (r->>'proved')::boolean THEN clock_timestamp() END, told_at = CASE WHEN (r->>'told')::boolean THEN clock_timestamp() END,
            note = r->>'note', jwks = r->'jwks'
       FROM json_array_elements($2::json) AS r WHERE z.job_id = $1 AND z.zone_id = r->>'zone' AND z.state = 'written'`,
    [job.id, JSON.stringify(rows)],
  );
  return {
    proved: rows.filter(({ proved }) => proved).length,
    living: living.length,
    undelivered: verdicts.filter(({ verdict }) => !verdict.done).map(({ zone }) => zone),
  };
}

/**
 * One slice of a rotation: keys written zone by zone with their invalidation, published again until every STS consumer was handed
 * each (trap 3), then every replica's JWKS asked (trap 16). What is begun is recorded before: kids are chosen when it is agreed on.
 */
export async function advanceRotation(ctx: KeyContext, job: KeyJobRow): Promise<boolean> {
  if (job.cancel_asked_at !== null) await leavePlanned(ctx, job);
  const wrote = await writeKeys(ctx, job);
  if (wrote !== null) return wrote;
  if (job.phase === "write")
    await ctx.db.transaction(async (tx) => {
      await beat(tx, ctx, job, "deliver");
      const { written, left } = await progressOf(tx, job.id);
      await keyJobEntry(
        tx,
        job,
        "rotate-written",
        `Keys of ${written} zones written${left === 0 ? "" : `, ${left} left as they were`}; STS is being told`,
      );
    });
  const zones = await openZones(ctx.db, job.id);
  if (zones.length === 0) {
    await finish(ctx, job);
    return false;
  }
  const { proved, undelivered, living } = await proveZones(ctx, job, zones);
  await beat(ctx.db, ctx, job, undelivered.length > 0 ? "deliver" : "prove");
  if (undelivered.length === 0) return proved > 0;
  const next = chooseNext(undelivered, living, paceOf(job.id).chunk);
  const reached = await publishOnce(ctx, job, next);
  const news = reached !== null && next.some(({ delivered }) => delivered[reached] === undefined);
  return news || proved > 0 || next.some(({ publications }) => publications < 4);
}
