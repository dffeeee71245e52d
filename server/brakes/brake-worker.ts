import { advanceFreeze, type BrakeContext } from "@/server/brakes/advance-freeze";
import type { FreezeRow } from "@/server/brakes/freeze-rows";
import { repeat, type Repeating } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";

/** Freezes and thaws on their way that nobody has looked at for most of a second; taking one marks it, so that one replica advances it. */
async function takeDue({ db }: BrakeContext): Promise<FreezeRow[]> {
  return db.query<FreezeRow>(
    `UPDATE zone_freezes SET heartbeat_at = now()
      WHERE id IN (
        SELECT id FROM zone_freezes
         WHERE state IN ('freezing', 'thawing') AND heartbeat_at < now() - interval '0.8 seconds'
         ORDER BY heartbeat_at LIMIT 5 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
  );
}

/** Advances every freeze and thaw about once a second, in whichever replica comes first; what fails is written down and tried again. */
export function createBrakeWorker(ctx: BrakeContext): Repeating {
  return repeat("brakes", 500, async () => {
    for (const freeze of await takeDue(ctx)) {
      try {
        await advanceFreeze(ctx, freeze);
      } catch (error) {
        await ctx.db.query("UPDATE zone_freezes SET error = $2 WHERE id = $1", [
          freeze.id,
          messageOf(error).slice(0, 500),
        ]);
      }
    }
  });
}
