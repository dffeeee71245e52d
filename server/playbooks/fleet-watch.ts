import { type Repeating, repeat } from "@/server/jobs/repeat";
import { observeRun } from "@/server/playbooks/observe-run";
import type { ObserverContext } from "@/server/playbooks/round-context";

const everyMs = 1_000;
const atOnce = 10;
const staleSeconds = 4;

/** Looks at the runs of approvals that nobody has open: of a hundred zones nobody opens each. True: there are more that wait. */
export async function observeFleets(ctx: ObserverContext): Promise<boolean> {
  const due = await ctx.db.query<{ id: string }>(
    `SELECT id FROM playbook_runs WHERE approval_id IS NOT NULL AND state IN ('revoke', 'verify')
        AND (observed_at IS NULL OR observed_at < now() - make_interval(secs => ${staleSeconds}))
      ORDER BY observed_at NULLS FIRST LIMIT ${atOnce}`,
  );
  for (const { id } of due) await observeRun({ ctx, input: { runId: id } });
  return due.length === atOnce;
}

/** Keeps the proofs of runs of approvals a few seconds old, in the background. */
export const createFleetWatch = (ctx: ObserverContext): Repeating =>
  repeat("runs of approvals", everyMs, () => observeFleets(ctx));
