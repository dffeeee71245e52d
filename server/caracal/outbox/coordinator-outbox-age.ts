import { coordinatorRowsSeen } from "@/server/caracal/outbox/outbox-read";
import type { Queryable } from "@/server/platform/postgres";

/** What of the coordinator's outbox is not published. Instants are epoch ms by its database's clock. */
export type CoordinatorOutbox = {
  readonly topics: readonly {
    readonly topic: string;
    readonly waiting: number;
    readonly oldestAt: number;
    readonly failing: number; // of those waiting: tried in vain at least once
    readonly mostAttempts: number;
  }[];
  readonly dead: number;
  readonly capped: boolean; // there are older rows than one look goes through
};

const mostHeld = 5_000;

/**
 * Looks at the newest 20,000 rows, and again at the oldest 5,000 that an earlier look saw waiting: no index tells what waits from what was
 * published, and what waits for longest is the first to be among the newest no more.
 */
export function createCoordinatorOutboxLook(db: Queryable): () => Promise<CoordinatorOutbox> {
  let held: readonly string[] = [];
  return async () => {
    const rows = await db.query<{
      topic: string;
      waiting: number;
      oldest: Date | null;
      failing: number;
      attempts: number;
      dead: number;
      looked: number;
      ids: readonly string[] | null;
    }>(
      `WITH newest AS MATERIALIZED (
         SELECT id, topic, attempts, status, created_at FROM caracal_outbox ORDER BY id DESC LIMIT ${coordinatorRowsSeen}),
       open AS (
         SELECT * FROM newest WHERE status <> 'published'
         UNION
         SELECT id, topic, attempts, status, created_at FROM caracal_outbox WHERE id = ANY ($1) AND status <> 'published')
       SELECT topic, count(*) FILTER (WHERE status = 'pending')::int AS waiting,
              min(created_at) FILTER (WHERE status = 'pending') AS oldest,
              count(*) FILTER (WHERE status = 'pending' AND attempts > 0)::int AS failing,
              coalesce(max(attempts) FILTER (WHERE status = 'pending'), 0)::int AS attempts,
              count(*) FILTER (WHERE status = 'dead')::int AS dead, (SELECT count(*) FROM newest)::int AS looked,
              (array_agg(id ORDER BY created_at, id) FILTER (WHERE status = 'pending'))[1:${mostHeld}] AS ids
         FROM open GROUP BY topic ORDER BY topic`,
      [held],
    );
    held = rows.flatMap(({ ids }) => ids ?? []).slice(0, mostHeld);
    return {
      topics: rows.flatMap(({ topic, waiting, oldest, failing, attempts }) =>
        oldest === null ? [] : [{ topic, waiting, oldestAt: oldest.getTime(), failing, mostAttempts: attempts }],
      ),
      dead: rows.reduce((sum, { dead }) => sum + dead, 0),
      capped: (rows[0]?.looked ?? 0) >= coordinatorRowsSeen,
    };
  };
}
