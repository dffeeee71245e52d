import { Redis } from "ioredis";
import { Client } from "pg";
import type { Deployment } from "@/sandbox/supervisor/deployment";
import type { Drill } from "@/sandbox/supervisor/drill";

/**
 * Switches writes of Caracal's database on or off for every new connection, and cuts those that there are: API and coordinator exit by it
 * and are started again. Nothing happens when it is as wanted.
 */
export async function writable(deployment: Deployment, on: boolean): Promise<void> {
  const url = new URL(deployment.postgres.url); // a superuser's
  url.pathname = new URL(deployment.caracal.ownerUrl).pathname;
  const client = new Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("SET default_transaction_read_only = off");
    const { rows } = await client.query<{ name: string; off: boolean }>(
      `SELECT quote_ident(current_database()) AS name, EXISTS (SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
         WHERE d.datname = current_database() AND 'default_transaction_read_only=on' = ANY (setconfig)) AS off`,
    );
    if (rows[0] === undefined || rows[0].off === !on) return;
    await client.query(
      `ALTER DATABASE ${rows[0].name} ${on ? "RESET default_transaction_read_only" : "SET default_transaction_read_only = on"}`,
    );
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
  } finally {
    await client.end();
  }
  const exited = [...deployment.replicasOf("api"), ...deployment.replicasOf("coordinator")];
  await Promise.all(exited.map((service) => service.restart()));
}

async function emptyRedis(deployment: Deployment): Promise<void> {
  const redis = new Redis(deployment.redis.url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** The fault switches of Caracal's Postgres and Redis. */
export const engineDrills: Readonly<Record<string, Drill>> = {
  "redis-restart": {
    summary: "Restarts Caracal's Redis with its data.",
    async run(deployment) {
      await deployment.redis.stop();
      await deployment.redis.start();
    },
  },
  "redis-loses-data": {
    summary:
      "Empties Caracal's Redis and restarts it: streams, groups and unread messages are gone. The services' groups come back with restore.",
    async run(deployment) {
      await emptyRedis(deployment);
      await deployment.redis.stop();
      await deployment.redis.start();
    },
  },
  "redis-down": {
    summary: "Stops Caracal's Redis, keeping its data. Start it again with redis-up.",
    run: (deployment) => deployment.redis.stop(),
  },
  "redis-up": { summary: "Starts Caracal's Redis.", run: (deployment) => deployment.redis.start() },
  "postgres-read-only": {
    summary:
      "Switches writes off in Caracal's Postgres (default_transaction_read_only) and cuts its connections. Audit claims what it could not store within half a second, so that it gives honest events up within seconds and not minutes. End it with postgres-writable or restore.",
    async run(deployment) {
      await writable(deployment, false);
      for (const service of deployment.replicasOf("audit")) await service.restart({ AUDIT_CLAIM_IDLE_MS: "500" });
    },
  },
  "postgres-writable": {
    summary: "Switches writes on again in Caracal's Postgres; audit takes its time again.",
    async run(deployment) {
      await writable(deployment, true);
      for (const service of deployment.replicasOf("audit")) await service.restart();
    },
  },
  "postgres-down": {
    summary: "Stops Caracal's Postgres: API and coordinator exit. Start everything again with restore.",
    run: (deployment) => deployment.postgres.stop(),
  },
  "postgres-up": {
    summary: "Starts Caracal's Postgres, and whichever services had exited.",
    async run(deployment) {
      await deployment.postgres.start();
      await Promise.all(deployment.services.map((service) => service.start()));
    },
  },
  "undecryptable-row": {
    summary: "Overwrites one provider's sealed configuration with bytes that no key opens.",
    async run(deployment) {
      const client = new Client({ connectionString: deployment.caracal.ownerUrl });
      await client.connect();
      try {
        await client.query(
          "UPDATE providers SET secret_config_ct = sha256(secret_config_ct) WHERE id = (SELECT min(id) FROM providers WHERE secret_config_ct IS NOT NULL)",
        );
      } finally {
        await client.end();
      }
    },
  },
};
