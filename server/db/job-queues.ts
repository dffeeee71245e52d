import PgBoss from "pg-boss";
import { log } from "@/server/platform/log";
import { queues } from "@/server/jobs/queues";

/** Creates pg-boss's schema and our queues as the owner: both are DDL, which the running role may not do. Idempotent. */
export async function createJobQueues(migrateUrl: string): Promise<void> {
  const boss = new PgBoss({ connectionString: migrateUrl, migrate: true, supervise: false, schedule: false, max: 2 });
  boss.on("error", (error: Error) => log.warn({ reason: error.message }, "job queue migration"));
  await boss.start();
  try {
    for (const name of queues) await boss.createQueue(name);
  } finally {
    await boss.stop({ graceful: false, wait: true });
  }
}
