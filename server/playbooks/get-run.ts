import type { ObserverContext } from "@/server/playbooks/round-context";
import { loadRun } from "@/server/playbooks/run-rows";
import { runView } from "@/server/playbooks/run-view";
import type { RunView } from "@/server/playbooks/schemas";

/** One run as last recorded; its proof carries the time of its look. @throws not_found */
export async function getRun({ ctx, input }: { ctx: ObserverContext; input: { runId: string } }): Promise<RunView> {
  return runView(ctx, await loadRun(ctx.db, input.runId));
}
