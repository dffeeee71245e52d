import { setTimeout as pause } from "node:timers/promises";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { DomainError, messageOf } from "@/server/platform/errors";
import { endRestart } from "@/server/services/restarts/end-restart";
import { beforeOf, type RestartContext } from "@/server/services/restarts/order-restart";
import { type RestartRow, restartingNow } from "@/server/services/restarts/restart-rows";
import { askReplicas, askTwice, standingOf, stoppedOf } from "@/server/services/restarts/standing-now";
import { isReady, isRestarted, noteRestart } from "@/server/services/restarts/watch-replicas";
import { whyTwo } from "@/server/services/restarts/why-two";

export type RestartWorkerContext = RestartContext & { readonly holder: string };

const silentAfterSeconds = 10;
const lookEveryMs = 100; // while the command runs: a quick restart is away for less than a second
const readyWithinSeconds = 180; // after the command came back
const showsWithinSeconds = 30; // ready all the while after that: nothing shows a restart

/** Of those by hand only one whose replicas were not looked at yet: what is seen of them counts from somebody's word that it was done. */
const due = `
  (state IN ('ordered', 'running', 'watching') OR (state = 'by-hand' AND before::text = '{}')) AND heartbeat_at < now() - make_interval(secs => CASE WHEN holder IS NULL THEN 0.4 ELSE ${silentAfterSeconds} END)
  AND NOT EXISTS (SELECT 1 FROM service_restarts p WHERE p.order_id = s.order_id AND p.place < s.place AND p.state <> 'proved')`;

/** One that nobody works on, or whose worker has gone silent; of an order only the first that is not proved. */
async function take({ db, holder }: RestartWorkerContext): Promise<RestartRow | null> {
  const [row] = await db.query<RestartRow>(
    `UPDATE service_restarts SET holder = $1, heartbeat_at = now()
      WHERE id = (SELECT id FROM service_restarts s WHERE ${due} ORDER BY heartbeat_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *`,
    [holder],
  );
  return row ?? null;
}

/** What ended a restart, in one transaction; nothing when it is another worker's by now. */
async function finish(
  ctx: RestartWorkerContext,
  row: RestartRow,
  state: "proved" | "unproved" | "failed" | "cancelled",
  note: string | null = row.note,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [ended] = await tx.query<RestartRow>(
      `UPDATE service_restarts SET state = $3, finished_at = clock_timestamp(), holder = NULL, note = $5
        WHERE id = $1 AND holder = $2 AND state = $4 RETURNING *`,
      [row.id, ctx.holder, state, row.state, note],
    );
    if (ended === undefined) return;
    await endRestart(tx, ended, null);
  });
}

/** One more look, kept with the row. Gives it as it is then; null: it is another worker's. */
async function look(ctx: RestartWorkerContext, row: RestartRow): Promise<RestartRow | null> {
  const asked = await askReplicas(ctx.caracal, ({ id }) => row.replicas.includes(id));
  const seen = noteRestart(row.seen, row.before, asked, new Date().toISOString());
  const [now] = await ctx.db.query<RestartRow>(
    "UPDATE service_restarts SET seen = $3, heartbeat_at = now() WHERE id = $1 AND holder = $2 AND finished_at IS NULL RETURNING *",
    [row.id, ctx.holder, JSON.stringify(seen)],
  );
  return now ?? null;
}

/** What says that the command did nothing; after any other failure it may have been carried out. */
const nothingDone = (error: unknown): boolean =>
  error instanceof DomainError && ["missing-program", "not-started", "refused"].includes(String(error.facts.failure));

/** Why one person may not do it any more, as the replicas stand now and not when it was ordered; null when they may, or two agreed. */
async function whyNotAlone(ctx: RestartWorkerContext, row: RestartRow): Promise<string | null> {
  if (row.approval_id !== null) return null;
  const asked = await askTwice(ctx.caracal);
  return whyTwo({
    place: { target: row.target, replicas: row.replicas },
    all: ctx.caracal.replicas,
    standing: standingOf(asked, await stoppedOf(ctx.adapter, asked)),
    restarting: await restartingNow(ctx.db),
    keepsFiles: ctx.adapter.keepsFiles,
  });
}

/** What the replicas say before their restart, as the row keeps it. */
const standBefore = async ({ caracal }: RestartWorkerContext, { target, replicas }: RestartRow): Promise<string> =>
  JSON.stringify(beforeOf(await askTwice(caracal, ({ id }) => replicas.includes(id)), { target, replicas }));

/**
 * Runs the command, once: that it runs is written before, so that a console that dies in the middle leaves a restart that is watched and
 * never a second one. Meanwhile the replicas are looked at, since a quick restart is over when the command comes back.
 */
async function run(ctx: RestartWorkerContext, row: RestartRow): Promise<void> {
  const place = ctx.adapter.placeOf(row.replicas[0] ?? "");
  const two = await whyNotAlone(ctx, row);
  if (two !== null) return finish(ctx, row, "cancelled", `This takes two people by now. ${two}`);
  const before = await standBefore(ctx, row);
  const [started] = await ctx.db.query<RestartRow>(
    `UPDATE service_restarts SET state = 'running', started_at = clock_timestamp(), before = $3, heartbeat_at = now()
      WHERE id = $1 AND holder = $2 AND state = 'ordered' RETURNING *`,
    [row.id, ctx.holder, before],
  );
  if (started === undefined) return;
  let note: string | null = null;
  let nothing = false;
  let over = false;
  const restarting =
    place === null || place.target !== row.target
      ? Promise.reject(
          new DomainError("not_configured", "It is not in RUNTIME_SERVICES any more.", { failure: "not-started" }),
        )
      : ctx.adapter.restart(place);
  const ended = restarting
    .catch((error: unknown) => {
      note = messageOf(error).slice(0, 500);
      nothing = nothingDone(error);
    })
    .finally(() => {
      over = true;
    });
  for (let now: RestartRow | null = started; !over && now !== null; ) {
    now = await look(ctx, now).catch(() => now);
    await Promise.race([ended, pause(lookEveryMs)]);
  }
  await ended;
  if (nothing) return finish(ctx, started, "failed", note);
  await ctx.db.query(
    "UPDATE service_restarts SET state = 'watching', answered_at = clock_timestamp(), note = $3, holder = NULL WHERE id = $1 AND holder = $2 AND state = 'running'",
    [row.id, ctx.holder, note],
  );
}

/** One step of one restart. True: there may be more to do at once. */
export async function advanceOneRestart(ctx: RestartWorkerContext): Promise<boolean> {
  const row = await take(ctx);
  if (row === null) return false;
  if (row.state === "ordered") {
    await run(ctx, row);
    return true;
  }
  if (row.state === "running") {
    // Its worker died with the command on its way: whether it was carried out is for probes to tell.
    await ctx.db.query(
      `UPDATE service_restarts SET state = 'watching', answered_at = clock_timestamp(), holder = NULL,
              note = 'The console that ran it ended meanwhile; it is not run again.' WHERE id = $1 AND holder = $2 AND state = 'running'`,
      [row.id, ctx.holder],
    );
    return true;
  }
  if (row.state === "by-hand") {
    await ctx.db.query(
      "UPDATE service_restarts SET before = $3, holder = NULL WHERE id = $1 AND holder = $2 AND state = 'by-hand'",
      [row.id, ctx.holder, await standBefore(ctx, row)],
    );
    return false;
  }
  const now = await look(ctx, row);
  if (now === null) return false;
  const answered = now.answered_at;
  if (answered !== null) {
    const waited = (Date.now() - answered.getTime()) / 1_000;
    if (isRestarted(now.seen, now.replicas)) await finish(ctx, now, "proved");
    else if (isReady(now.seen, now.replicas) && waited > showsWithinSeconds) await finish(ctx, now, "unproved");
    else if (waited > readyWithinSeconds) await finish(ctx, now, "failed");
  }
  await ctx.db.query("UPDATE service_restarts SET holder = NULL WHERE id = $1 AND holder = $2", [row.id, ctx.holder]);
  return false;
}

/** Carries out restarts and watches what came of them, each by one console at a time. */
export const createRestartWorker = (ctx: RestartWorkerContext): Repeating =>
  repeat("restarts", 400, () => advanceOneRestart(ctx));
