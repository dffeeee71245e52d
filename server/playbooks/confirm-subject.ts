import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import type { Database } from "@/server/platform/postgres";
import { actOnRun } from "@/server/playbooks/act-on-run";
import { readBlastRadius } from "@/server/playbooks/read-blast-radius";
import { loadRun, subjectLabel, subjectsOf } from "@/server/playbooks/run-rows";

type Context = { readonly db: Database; readonly caracal: Deployment; readonly actor: Actor };

/**
 * The subject is the right one: reads the blast radius and goes to it. Called again there, it reads afresh.
 * @throws not_found, conflict, source_unreachable
 */
export async function confirmSubject({ ctx, input }: { ctx: Context; input: { runId: string } }): Promise<void> {
  const run = await loadRun(ctx.db, input.runId);
  const { blast, outlives } = await readBlastRadius(ctx.caracal.db, run.zone_id, subjectsOf(run));
  const line = {
    kind: "blast-radius",
    text: `Blast radius of ${subjectLabel(run)}: ${blast.liveSessions}${blast.capped ? " or more" : ""} live sessions, ${blast.agentSessionCount} agent sessions, ${blast.grants.length} provider grant${blast.grants.length === 1 ? "" : "s"}`,
    data: { blast, outlives },
  };
  await actOnRun(ctx.db, input.runId, ctx.actor, "confirm-subject", [line], async (tx) => {
    await tx.query("UPDATE playbook_runs SET blast = $2, outlives = $3 WHERE id = $1", [
      input.runId,
      JSON.stringify(blast),
      JSON.stringify(outlives),
    ]);
  });
}
