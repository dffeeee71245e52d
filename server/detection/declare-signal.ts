import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { declareSignalInput } from "@/server/live/schemas";
import type { Database } from "@/server/platform/postgres";

type Input = { ctx: { db: Database; actor: Actor }; input: z.output<typeof declareSignalInput> };

/** Puts a signal on "Now" for what no probe sees, under the operator's name; it stays until somebody clears it. Gives its id. */
export async function declareSignal({ ctx, input }: Input): Promise<{ readonly id: string }> {
  const [row] = await ctx.db.query<{ id: string }>(
    `INSERT INTO declared_signals (severity, sentence, zone_id, declared_by_id, declared_by_name)
     VALUES ($1, $2, $3, $4, $5) RETURNING id`,
    [input.severity, input.sentence, input.zoneId ?? null, ctx.actor.id, ctx.actor.name],
  );
  if (row === undefined) throw new Error("the declared signal was not stored");
  return row;
}
