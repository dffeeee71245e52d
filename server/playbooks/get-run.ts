import type { Actor } from "@/server/auth/roles";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { requireVisibleRun } from "@/server/playbooks/visible-runs";
import { loadRun } from "@/server/playbooks/run-rows";
import { runView } from "@/server/playbooks/run-view";
import type { RunView } from "@/server/playbooks/schemas";

type Context = ObserverContext & { readonly actor: Actor };

/** One run as last recorded; its proof carries the time of its look. @throws not_found, also when its incident is not open to the viewer */
export async function getRun({ ctx, input }: { ctx: Context; input: { runId: string } }): Promise<RunView> {
  await requireVisibleRun(ctx.db, ctx.actor, input.runId);
  return runView(ctx, await loadRun(ctx.db, input.runId));
}
