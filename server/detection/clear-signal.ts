import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { clearSignalInput } from "@/server/live/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Input = { ctx: { db: Database; actor: Actor }; input: z.output<typeof clearSignalInput> };

/** Clears a declared signal once, with who and why. Throws not_found for an unknown id, conflict when somebody was faster. */
export async function clearSignal({ ctx, input }: Input): Promise<{ readonly id: string }> {
  const [row] = await ctx.db.query<{ id: string }>(
    `UPDATE declared_signals
        SET cleared_by_id = $2, cleared_by_name = $3, cleared_at = now(), clear_reason = $4
      WHERE id = $1 AND cleared_at IS NULL RETURNING id`,
    [input.id, ctx.actor.id, ctx.actor.name, input.reason],
  );
  if (row !== undefined) return row;
  const [known] = await ctx.db.query<{ cleared_by_name: string | null }>(
    "SELECT cleared_by_name FROM declared_signals WHERE id = $1",
    [input.id],
  );
  if (known === undefined) throw new DomainError("not_found", "There is no such declared signal.");
  throw new DomainError("conflict", `${known.cleared_by_name ?? "Somebody"} has already cleared this signal.`);
}
