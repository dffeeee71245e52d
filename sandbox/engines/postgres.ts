import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { Engine } from "@/sandbox/engines/engine";
import { engineProcess } from "@/sandbox/engines/engine-process";
import { freePort } from "@/sandbox/engines/free-port";
import { givenEngine } from "@/sandbox/engines/given-engine";
import { postgresBinaries } from "@/sandbox/engines/postgres-binaries";
import { engineUser, scratchFolder } from "@/sandbox/engines/scratch-folder";

// Data lives in a temp folder and dies with its launcher: durability is switched off, everything else is stock.
const serverSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "2GB",
  dynamic_shared_memory_type: "mmap", // /dev/shm is tiny in containers
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  jit: "off",
};

async function probe(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * A Postgres for demo, tests and benches: SANDBOX_POSTGRES_URL when given, else binaries found by the chain of
 * postgres-binaries.ts on a free loopback port, no unix socket, data in a temp folder. `url` is the superuser's.
 */
export async function startPostgres(): Promise<Engine> {
  const given = process.env.SANDBOX_POSTGRES_URL;
  if (given !== undefined && given !== "") return givenEngine(given, 5432);

  const user = engineUser();
  const scratch = scratchFolder("postgres", user);
  const bin = postgresBinaries(scratch.path, user);
  const data = join(scratch.path, "data");
  const passwordFile = join(scratch.path, "password");
  const password = randomBytes(18).toString("hex");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== null) chownSync(passwordFile, user.uid, user.gid);

  const env = { NODE_ENV: process.env.NODE_ENV, PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", HOME: scratch.path };
  const initArgs = ["-D", data, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  const init = spawnSync(join(bin, "initdb"), [...initArgs, "--encoding=UTF8", "--locale=C", "--no-sync"], {
    cwd: "/",
    env,
    encoding: "utf8",
    ...(user ?? {}),
  });
  if (init.status !== 0) {
    scratch.remove();
    throw new Error(`Postgres could not make its data folder: ${init.stderr || init.error?.message}`);
  }

  const port = await freePort();
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const settings = Object.entries(serverSettings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = engineProcess({
    label: "Postgres",
    command: join(bin, "postgres"),
    args: ["-D", data, "-p", String(port), ...settings],
    env,
    cwd: "/",
    user,
    stopSignal: "SIGINT",
    probe: () => probe(url),
  });
  await server.start();
  return {
    url,
    ...server,
    async dispose() {
      await server.stop();
      scratch.remove();
    },
  };
}
