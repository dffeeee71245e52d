import { repeat, type Repeating } from "@/server/jobs/repeat";
import type { ActContext, ActRow } from "@/server/streams/acts/act-row";
import { performAct } from "@/server/streams/acts/perform-act";

/** Acts that were ordered and that nobody has looked at for two seconds; taking one marks it, so that one replica carries it out. */
export const takeDueActs = ({ db }: Pick<ActContext, "db">): Promise<ActRow[]> =>
  db.query<ActRow>(
    `UPDATE stream_acts SET heartbeat_at = now()
      WHERE id IN (
        SELECT id FROM stream_acts WHERE state = 'ordered' AND heartbeat_at < now() - interval '2 seconds'
         ORDER BY heartbeat_at LIMIT 5 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
  );

/** Carries out whatever was ordered and not done: after a crash, or while Redis was away. */
export function createActWorker(ctx: ActContext): Repeating {
  return repeat("stream acts", 1_000, async () => {
    for (const act of await takeDueActs(ctx)) await performAct(ctx, act);
  });
}
