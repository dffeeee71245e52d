import { setTimeout as pause } from "node:timers/promises";
import { recordApprovalResult } from "@/server/approvals/record-result";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import { beforeOf, type RestartContext } from "@/server/services/restarts/order-restart";
import { type RestartRow, restartSentence } from "@/server/services/restarts/restart-rows";
import { askReplicas } from "@/server/services/restarts/standing-now";
import { isReady, isRestarted, noteRestart } from "@/server/services/restarts/watch-replicas";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

export type RestartWorkerContext = RestartContext & { readonly holder: string };

const silentAfterSeconds = 10;
const lookEveryMs = 100; // while the command runs: a quick restart is away for less than a second
const readyWithinSeconds = 180; // after the command came back
const showsWithinSeconds = 30; // ready all the while after that: nothing shows a restart

const due = `
  state IN ('ordered', 'by-hand', 'running', 'watching') AND heartbeat_at < now() - make_interval(secs => CASE WHEN holder IS NULL THEN 0.4 ELSE ${silentAfterSeconds} END)
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

/** What ended a restart: its state and the entry in one transaction; those after it in the order are given up unless it is proved. */
async function finish(
  ctx: RestartWorkerContext,
  row: RestartRow,
  state: "proved" | "unproved" | "failed",
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [ended] = await tx.query<RestartRow>(
      `UPDATE service_restarts SET state = $3, finished_at = clock_timestamp(), holder = NULL
        WHERE id = $1 AND holder = $2 AND state = 'watching' RETURNING *`,
      [row.id, ctx.holder, state],
    );
    if (ended === undefined) return;
    if (state !== "proved")
      await tx.query(
        `UPDATE service_restarts SET state = 'cancelled', finished_at = clock_timestamp(), note = $3
          WHERE order_id = $1 AND place > $2 AND state IN ('ordered', 'by-hand')`,
        [row.order_id, row.place, `${row.replicas.join(", ")} did not come back, so the others were left alone.`],
      );
    await entry(tx, ended, state === "proved" ? "restarted" : "restart-not-proved", restartSentence(ended));
  });
}

async function entry(tx: Queryable, row: RestartRow, what: string, summary: string): Promise<void> {
  const [open] = await tx.query("SELECT 1 FROM service_restarts WHERE order_id = $1 AND finished_at IS NULL LIMIT 1", [
    row.order_id,
  ]);
  if (row.approval_id !== null && open === undefined)
    await recordApprovalResult(tx, row.approval_id, `Executed: ${summary}`, []);
  await appendAnyway(tx, [
    {
      chain: row.incident_id ?? consoleChain,
      kind: `playbook.${what}`,
      by: null,
      summary,
      details: {
        refs: { restart: row.id, ...(row.guided_run_id === null ? {} : { guidedRun: row.guided_run_id }) },
        figures: row.replicas.flatMap((replica) =>
          Object.entries(row.seen[replica] ?? {}).map(([name, at]) => ({
            name: `${replica} ${name}`,
            value: at ?? null,
            source: `${replica} /ready, /metrics`,
          })),
        ),
      },
    },
  ]);
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

/**
 * Runs the command, once: that it runs is written before, so that a console that dies in the middle leaves a restart that is watched and
 * never a second one. Meanwhile the replicas are looked at, since a quick restart is over when the command comes back.
 */
async function run(ctx: RestartWorkerContext, row: RestartRow): Promise<void> {
  const place = ctx.adapter.placeOf(row.replicas[0] ?? "");
  const asked = await askReplicas(ctx.caracal, ({ id }) => row.replicas.includes(id));
  const before = beforeOf(asked, { target: row.target, replicas: row.replicas });
  const [started] = await ctx.db.query<RestartRow>(
    `UPDATE service_restarts SET state = 'running', started_at = clock_timestamp(), before = $3, heartbeat_at = now()
      WHERE id = $1 AND holder = $2 AND state = 'ordered' RETURNING *`,
    [row.id, ctx.holder, JSON.stringify(before)],
  );
  if (started === undefined) return;
  let note: string | null = null;
  let over = false;
  const restarting =
    place === null || place.target !== row.target
      ? Promise.reject(new Error("It is not in RUNTIME_SERVICES any more: nothing was run."))
      : ctx.adapter.restart(place);
  const ended = restarting
    .catch((error: unknown) => {
      note = messageOf(error).slice(0, 500);
    })
    .finally(() => {
      over = true;
    });
  for (let now: RestartRow | null = started; !over && now !== null; ) {
    now = await look(ctx, now).catch(() => now);
    await Promise.race([ended, pause(lookEveryMs)]);
  }
  await ended;
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
  const now = await look(ctx, row);
  if (now === null) return false;
  const answered = now.answered_at;
  if (now.state === "watching" && answered !== null) {
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
