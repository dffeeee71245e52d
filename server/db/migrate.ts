import { runner } from "node-pg-migrate";
import { Client } from "pg";
import { grantRunningRole } from "@/server/db/grants";
import { createJobQueues } from "@/server/db/job-queues";
import { migrationsFolder } from "@/server/db/migration-names";
import { log } from "@/server/platform/log";

const lockKey = 4_270_113; // any number, the same on every replica

/** The role that a connection string signs in as. */
export function roleOf(url: string): string {
  const role = decodeURIComponent(new URL(url).username);
  if (role === "") throw new Error("CONSOLE_DATABASE_URL names no role: write postgres://role@host/database.");
  return role;
}

const toLog = {
  debug: (message: string) => log.debug(message),
  info: (message: string) => log.debug(message),
  warn: (message: string) => log.warn(message),
  error: (message: string) => log.error(message),
};

/**
 * Brings the console's own database up to date as its owner: SQL migrations, the job queue's schema and queues, then the
 * least grants for the running role named in `runtimeUrl` (which must exist). One at a time by advisory lock; idempotent.
 * @throws when a migration fails; nothing of the pending SQL migrations is kept then.
 */
export async function migrateConsole(urls: { migrateUrl: string; runtimeUrl: string }): Promise<void> {
  const role = roleOf(urls.runtimeUrl);
  const client = new Client({ connectionString: urls.migrateUrl, application_name: "caracal-console-migrate" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [lockKey]);
    await runner({
      dbClient: client,
      dir: migrationsFolder,
      direction: "up",
      migrationsTable: "migrations",
      checkOrder: true,
      advisoryLockMode: "wait",
      logger: toLog,
    });
    await createJobQueues(urls.migrateUrl);
    await client.query("BEGIN");
    await grantRunningRole(client, role);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}
