import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { migrateConsole } from "@/server/db/migrate";
import { loadCaracalSchema } from "@/sandbox/schema/load";

export type SandboxDatabase = { readonly url: string; drop(): Promise<void> };
export type ConsoleDatabase = SandboxDatabase & { readonly migrateUrl: string };
export type CaracalDatabase = SandboxDatabase & { readonly ownerUrl: string };

/** Roles are shared by all databases of a server; who owns tables and who runs the product are never the same role. */
const roles = {
  consoleOwner: "console_owner",
  consoleRunning: "console_app",
  caracalOwner: "caracal_owner",
  caracalConsole: "caracal_console",
} as const;

const fileText = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** One password for the sandbox's roles, derived so that every process that knows the superuser's address knows it. */
const rolePassword = (adminUrl: string) => createHash("sha256").update(new URL(adminUrl).password).digest("hex");

function databaseUrl(adminUrl: string, database: string, role?: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  if (role !== undefined) {
    url.username = role;
    url.password = rolePassword(adminUrl);
  }
  return url.toString();
}

/** Runs `work` on a connection of its own; waits for whoever else is making databases on this server when `exclusive`. */
async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>, exclusive = false): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    if (exclusive) await client.query("SELECT pg_advisory_lock(724118)");
    return await work(client);
  } finally {
    await client.end();
  }
}

async function ensureRoles(client: pg.Client, adminUrl: string): Promise<void> {
  const password = client.escapeLiteral(rolePassword(adminUrl));
  for (const role of Object.values(roles)) {
    const known = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
    if (known.rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD ${password}`);
  }
}

const exists = async (client: pg.Client, database: string) =>
  (await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database])).rowCount === 1;

/**
 * A database made from a template that is built once per server: `build` fills the template, `finish` sets what
 * Postgres keeps per database and does not copy.
 */
async function fromTemplate(options: {
  adminUrl: string;
  template: string;
  database: string;
  owner: string;
  build: (template: string) => Promise<void>;
}): Promise<void> {
  const { adminUrl, template, database, owner } = options;
  await onServer(
    adminUrl,
    async (client) => {
      await ensureRoles(client, adminUrl);
      if (!(await exists(client, template))) {
        const unfinished = `${template}_unfinished`;
        await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
        await client.query(`CREATE DATABASE ${unfinished} OWNER ${owner}`);
        await client.query(`REVOKE ALL ON DATABASE ${unfinished} FROM PUBLIC`);
        await options.build(unfinished);
        await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
      }
      await client.query(`CREATE DATABASE ${database} OWNER ${owner} TEMPLATE ${template}`);
      await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    },
    true,
  );
}

const dropDatabase = (adminUrl: string, database: string) =>
  onServer(adminUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  });

const uniqueName = (prefix: string) => `${prefix}_${randomBytes(6).toString("hex")}`;

/** A new console database, migrated: `url` under the running role, `migrateUrl` as the owner of its tables. */
export async function createConsoleDatabase(adminUrl: string): Promise<ConsoleDatabase> {
  const database = uniqueName("console");
  await fromTemplate({
    adminUrl,
    template: "console_template",
    database,
    owner: roles.consoleOwner,
    build: (template) =>
      migrateConsole({
        migrateUrl: databaseUrl(adminUrl, template, roles.consoleOwner),
        runtimeUrl: databaseUrl(adminUrl, template, roles.consoleRunning),
      }),
  });
  await onServer(adminUrl, async (client) => {
    await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${roles.consoleRunning}`);
  });
  return {
    url: databaseUrl(adminUrl, database, roles.consoleRunning),
    migrateUrl: databaseUrl(adminUrl, database, roles.consoleOwner),
    drop: () => dropDatabase(adminUrl, database),
  };
}

/** A new database with Caracal's tables, empty: `url` under the least-privilege role of deploy/grants.sql. */
export async function createCaracalDatabase(adminUrl: string): Promise<CaracalDatabase> {
  const database = uniqueName("caracal");
  const ownerUrl = databaseUrl(adminUrl, database, roles.caracalOwner);
  await fromTemplate({
    adminUrl,
    template: "caracal_template",
    database,
    owner: roles.caracalOwner,
    build: (template) => loadCaracalSchema(databaseUrl(adminUrl, template, roles.caracalOwner)),
  });
  await onServer(
    databaseUrl(adminUrl, database),
    async (client) => {
      await client.query(fileText("deploy/grants.sql"));
    },
    true,
  );
  return {
    url: databaseUrl(adminUrl, database, roles.caracalConsole),
    ownerUrl,
    drop: () => dropDatabase(adminUrl, database),
  };
}
