import { recordApprovalResult } from "@/server/approvals/record-result";
import type { Deployment } from "@/server/caracal/deployment";
import { requeueDeadRows, type RequeueState, requeueState } from "@/server/caracal/outbox/requeue-rows";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import { requeueEntry, type RequeueRow } from "@/server/outbox/requeue-rows";
import { messageOf } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };

const words = ({ published, waiting, dead }: RequeueState) =>
  `${published} published, ${waiting} waiting, ${dead} dead again`;

/** Requeues under way that nobody has looked at for two seconds; taking one marks it. */
export const takeDueRequeues = ({ db }: Pick<Context, "db">): Promise<RequeueRow[]> =>
  db.query<RequeueRow>(
    `UPDATE outbox_requeues SET heartbeat_at = now()
      WHERE id IN (
        SELECT id FROM outbox_requeues WHERE state <> 'done' AND heartbeat_at < now() - interval '2 seconds'
         ORDER BY heartbeat_at LIMIT 5 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
  );

/** Makes the rows due; done again after a crash it changes nothing, since only dead rows are touched. */
async function requeue({ db, caracal }: Context, row: RequeueRow): Promise<void> {
  await requeueDeadRows(caracal.db, row.outbox, row.ids);
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE outbox_requeues SET state = 'requeued', requeued_at = clock_timestamp(), error = NULL
        WHERE id = $1 AND state = 'ordered' RETURNING 1`,
      [row.id],
    );
    if (rows.length === 0) return;
    await requeueEntry(tx, row, null, "due", `${row.ids.length} rows of ${row.outbox} are due again`);
  });
}

/** Looks where the rows stand; it is over when none of them waits any more. */
async function follow({ db, caracal }: Context, row: RequeueRow): Promise<void> {
  const result = await requeueState(caracal.db, row.outbox, row.ids);
  const over = result.waiting === 0;
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE outbox_requeues SET result = $2, error = NULL, state = CASE WHEN $3 THEN 'done' ELSE state END,
              done_at = CASE WHEN $3 THEN clock_timestamp() END WHERE id = $1 AND state = 'requeued' RETURNING 1`,
      [row.id, JSON.stringify(result), over],
    );
    if (rows.length === 0 || !over) return;
    await recordApprovalResult(tx, row.approval_id, `Executed: ${words(result)}`, [
      { name: "published", value: result.published, unit: "rows", source: row.outbox },
    ]);
    await requeueEntry(tx, row, null, "done", `Requeue of ${row.outbox}: ${words(result)}`, { after: result });
  });
}

/** One step of a requeue, safe to do again at any point. What fails is written down and tried again. */
export async function advanceRequeue(ctx: Context, row: RequeueRow): Promise<void> {
  try {
    await (row.state === "ordered" ? requeue(ctx, row) : follow(ctx, row));
  } catch (error) {
    await ctx.db.query("UPDATE outbox_requeues SET error = $2 WHERE id = $1 AND state <> 'done'", [
      row.id,
      messageOf(error).slice(0, 500),
    ]);
  }
}

/** Advances every requeue until each of its rows is published, or dead again. */
export function createRequeueWorker(ctx: Context): Repeating {
  return repeat("outbox requeues", 1_000, async () => {
    for (const row of await takeDueRequeues(ctx)) await advanceRequeue(ctx, row);
  });
}
