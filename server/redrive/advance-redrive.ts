import { setTimeout as pause } from "node:timers/promises";
import { type RevocationStream, readRevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { chosenDigest } from "@/server/redrive/archive";
import { lagOf, type Pace, paceOf } from "@/server/redrive/pace-redrive";
import type { Allowance } from "@/server/redrive/rate-allowance";
import { resolveAdding } from "@/server/redrive/resolve-adding";
import { runEntry } from "@/server/redrive/run-entry";
import { loadRun, type RedriveContext, type RunRow, TakenOver } from "@/server/redrive/run-rows";
import { prepareBatch, sendBatch } from "@/server/redrive/send-batch";
import { openEntries, settleEntries } from "@/server/redrive/settle-entries";

const arrivalMs = 25; // how long nothing is asked while entries are on their way

/** One slice of a run: what was interrupted is resolved, what arrived is retired, the next batch is added. True: go on at once. */
export async function advanceRedrive(ctx: RedriveContext, given: RunRow, allowance: Allowance): Promise<boolean> {
  if (given.adding_from !== null) await resolveAdding(ctx, given);
  const run = given.adding_from === null ? given : await loadRun(ctx.db, given.id);
  const target = await readRevocationStream(ctx.caracal.redis, run.target);
  const open = await openEntries(ctx, run);
  const likely = likelyRoom(run, target, open.length, allowance);
  const [{ moved, onTheirWay }, ready] = await Promise.all([
    settleEntries(ctx, run, target, open),
    likely > 0 ? prepareBatch(ctx, run, likely) : null, // two databases are busy at once; nothing is sent before what settling says
  ]);
  const lag = lagOf(target, run.target);
  const now = await passCanary(ctx, run, onTheirWay, lag);
  const idle = onTheirWay === 0;
  if (now.cancel_asked_by !== null) return idle ? end(ctx, now, "cancelled") : waitFor(moved);
  if (now.state === "paused") return idle ? false : waitFor(moved);
  const pace: Pace = paceOf({ run: now, target, onTheirWay, allowance: allowance.of(run.id, now.rate) });
  if (pace.kind === "pause") {
    await pauseItself(ctx, now, pace.why);
    return true;
  }
  if (pace.kind === "hold") {
    if (pace.why !== now.held_back) await noteHold(ctx, now, pace.why);
    return idle ? false : waitFor(moved);
  }
  const batch = ready ?? (await prepareBatch(ctx, now, pace.room));
  const sent = await sendBatch(ctx, now, target.lastId, batch, pace.room);
  allowance.spend(run.id, sent);
  if (sent > 0) return true;
  return idle ? end(ctx, now, "finished") : waitFor(moved);
}

/** How much will surely have room once what is open is settled: settling makes room and takes none. */
function likelyRoom(run: RunRow, target: RevocationStream, open: number, allowance: Allowance): number {
  if (run.state !== "running" || run.cancel_asked_by !== null) return 0;
  const pace = paceOf({ run, target, onTheirWay: open, allowance: allowance.of(run.id, run.rate) });
  return pace.kind === "go" ? pace.room : 0;
}

async function waitFor(moved: number): Promise<true> {
  if (moved === 0) await pause(arrivalMs);
  return true;
}

/**
 * Notes the lag and, when all of the canary has arrived, that it passed: only what was added to the target counts, since a letter that
 * is merely retired as recorded proves nothing about ingestion. Gives the run as it is now.
 */
async function passCanary(ctx: RedriveContext, run: RunRow, onTheirWay: number, lag: number): Promise<RunRow> {
  return ctx.db.transaction(async (tx) => {
    const [now] = await tx.query<RunRow & { passes: boolean }>(
      `UPDATE redrive_runs SET lag = $3, heartbeat_at = now(),
              canary_passed = canary_passed OR (canary > 0 AND $4 = 0 AND failed = failed_before AND added - canary_from >= canary)
        WHERE id = $1 AND holder = $2 AND state IN ('running', 'paused') RETURNING *, canary_passed AND NOT $5 AS passes`,
      [run.id, ctx.holder, lag, onTheirWay, run.canary_passed],
    );
    if (now === undefined) throw new TakenOver();
    if (now.passes)
      await runEntry(
        tx,
        now,
        "canary-passed",
        `All ${now.canary} of the canary arrived and were retired; the rest follows`,
        null,
        {
          figures: [{ name: "retired", value: now.retired, source: now.stream }],
        },
      );
    return now;
  });
}

async function noteHold({ db, holder }: RedriveContext, run: RunRow, why: string | null): Promise<void> {
  await db.query("UPDATE redrive_runs SET held_back = $3 WHERE id = $1 AND holder = $2", [run.id, holder, why]);
}

/** Stops for a person; what is on its way is still settled. */
async function pauseItself(ctx: RedriveContext, run: RunRow, why: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [paused] = await tx.query<RunRow>(
      `UPDATE redrive_runs SET state = 'paused', pause_reason = $3, paused_by = NULL, held_back = NULL
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING *`,
      [run.id, ctx.holder, why],
    );
    if (paused === undefined) return;
    await runEntry(tx, paused, "paused-itself", `The redrive stopped by itself: ${why}`, null, {
      figures: [
        { name: "lag", value: paused.lag, source: paused.target },
        { name: "failed", value: paused.failed, source: paused.stream },
        { name: "retired", value: paused.retired, source: paused.stream },
      ],
    });
  });
}

/** Closes a run of which nothing is on its way: with its figures and the digest it was held to. */
async function end(ctx: RedriveContext, run: RunRow, state: "finished" | "cancelled"): Promise<boolean> {
  const { digest } = await chosenDigest(ctx.db, run.id);
  if (digest !== run.digest) throw new Error("The list is not the one that was frozen. Nothing more is done with it.");
  await ctx.db.transaction(async (tx) => {
    const [ended] = await tx.query<RunRow>(
      `UPDATE redrive_runs SET state = $3, finished_at = clock_timestamp(), held_back = NULL, pause_reason = NULL, paused_by = NULL, error = NULL
        WHERE id = $1 AND holder = $2 AND state IN ('running', 'paused') AND adding_from IS NULL AND (cancel_asked_by IS NOT NULL) = ($3 = 'cancelled')
        RETURNING *`,
      [run.id, ctx.holder, state],
    );
    if (ended === undefined) throw new TakenOver();
    const { chosen, added, added_again: again, retired, failed } = ended;
    await runEntry(
      tx,
      ended,
      state,
      `The ${ended.kind === "discard" ? "discard" : "redrive"} of ${ended.stream} is ${state}: ${retired} of ${chosen} retired, ${failed} failed, ${(chosen ?? 0) - retired - failed} not touched`,
      null,
      {
        figures: [
          { name: "chosen", value: chosen, source: ended.stream },
          { name: "added", value: added, source: ended.target },
          { name: "added again after an interruption", value: again, source: ended.target },
          { name: "retired", value: retired, source: ended.stream },
          { name: "failed", value: failed, source: ended.stream },
        ],
        parameters: { digest: ended.digest, archiveSha256: ended.archive_sha256 },
      },
    );
  });
  return true;
}
