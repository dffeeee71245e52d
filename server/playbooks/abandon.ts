import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";
import { actOnRun } from "@/server/playbooks/act-on-run";
import type { reasonInput } from "@/server/playbooks/schemas";

type Context = { readonly db: Database; readonly actor: Actor };

/** Ends a run early with a recorded reason. What a round has begun is still completed: a revocation is never left half published. @throws conflict, not_found */
export async function abandon({ ctx, input }: { ctx: Context; input: z.output<typeof reasonInput> }): Promise<void> {
  const line = { kind: "abandoned", text: `Abandoned: ${input.reason}`, data: { reason: input.reason } };
  await actOnRun(ctx.db, input.runId, ctx.actor, "abandon", [line]);
}
