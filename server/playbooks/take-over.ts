import type { Actor } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";
import { notNow } from "@/server/playbooks/act-on-run";
import { isOver } from "@/server/playbooks/revoke-session/revoke-session.machine";
import { appendLog } from "@/server/playbooks/run-log";
import { loadRun } from "@/server/playbooks/run-rows";

type Context = { readonly db: Database; readonly actor: Actor };

/** Makes the caller the run's driver; the log names both. Taking over one's own run changes nothing. @throws conflict when the run is over, not_found */
export async function takeOver({ ctx, input }: { ctx: Context; input: { runId: string } }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const run = await loadRun(tx, input.runId);
    if (isOver(run.state)) throw notNow(run);
    const [taken] = await tx.query(
      `UPDATE playbook_runs SET driver_id = $2, driver_name = $3, revision = revision + 1, updated_at = now()
        WHERE id = $1 AND driver_id = $4 AND driver_id <> $2 AND state NOT IN ('done', 'abandoned') RETURNING id`,
      [input.runId, ctx.actor.id, ctx.actor.name, run.driver_id],
    );
    if (taken === undefined) return;
    await appendLog(tx, input.runId, ctx.actor, [
      {
        kind: "taken-over",
        text: `${ctx.actor.name} took the run over from ${run.driver_name}`,
        data: { from: run.driver_id },
      },
    ]);
  });
}
