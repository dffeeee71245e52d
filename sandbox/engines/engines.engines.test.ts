import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres } from "@/sandbox/engines/postgres";
import type { Engine } from "@/sandbox/engines/engine";
import {
  freshCaracalDatabase,
  freshConsoleDatabase,
  freshRedis,
  type FreshRedis,
} from "@/sandbox/engines/test-databases";

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000, query_timeout: 1_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe("a Redis of one's own", () => {
  let redis: FreshRedis;
  const command = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null, commandTimeout: 500 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      client.disconnect();
    }
  };
  beforeAll(async () => {
    redis = await freshRedis();
  });
  afterAll(() => redis.drop());

  it("keeps its streams and groups over stop and start on the same address", async () => {
    await command(async (client) => {
      await client.xadd("s", "*", "a", "1");
      await client.xgroup("CREATE", "s", "g", "0");
    });
    await redis.stop();
    await expect(command((client) => client.ping())).rejects.toThrow();
    await redis.start();
    expect(await command((client) => client.xlen("s"))).toBe(1);
    expect(await command((client) => client.xinfo("GROUPS", "s"))).toHaveLength(1);
  });

  it("answers nothing while frozen and everything afterwards", async () => {
    await redis.pause();
    await expect(command((client) => client.ping())).rejects.toThrow();
    await redis.resume();
    expect(await command((client) => client.ping())).toBe("PONG");
  });
});

describe("a Postgres of one's own", () => {
  let postgres: Engine;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());

  it("keeps its rows over stop, kill and start", async () => {
    await ask(postgres.url, "CREATE TABLE t AS SELECT 1 AS n");
    await postgres.stop();
    await expect(ask(postgres.url, "SELECT 1")).rejects.toThrow();
    await postgres.start();
    await postgres.kill();
    await expect(ask(postgres.url, "SELECT 1")).rejects.toThrow();
    await postgres.start();
    expect(await ask(postgres.url, "SELECT n FROM t")).toEqual([{ n: 1 }]);
  });

  it("answers nothing while frozen and everything afterwards", async () => {
    await postgres.pause();
    await expect(ask(postgres.url, "SELECT 1")).rejects.toThrow();
    await postgres.resume();
    expect(await ask(postgres.url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  });
});

describe("fresh databases", () => {
  it("give the console's running role no ownership, and Caracal's console role no more than its grants", async () => {
    const [console, caracal] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase()]);
    await expect(ask(console.url, "CREATE TABLE mine (n int)")).rejects.toThrow(/permission denied/);
    await expect(ask(caracal.url, "DELETE FROM sessions")).rejects.toThrow(/permission denied/);
    expect(await ask(caracal.url, "SELECT id FROM sessions")).toEqual([]);
    expect(await ask(caracal.ownerUrl, "SELECT count(*)::int AS n FROM audit_events")).toEqual([{ n: 0 }]);
    await Promise.all([console.drop(), caracal.drop()]);
    await expect(ask(caracal.url, "SELECT 1")).rejects.toThrow(/does not exist/);
  });
});

it("leaves no process and no data behind when its launcher is killed", async () => {
  const code = `
    const { startPostgres } = await import("./sandbox/engines/postgres.ts");
    const { startRedis } = await import("./sandbox/engines/redis.ts");
    const { processTree } = await import("./sandbox/engines/process-tree.ts");
    await Promise.all([startPostgres(), startRedis()]);
    console.log(processTree(process.pid).slice(1).join(" "));
    setInterval(() => {}, 1000);`;
  const launcher = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: launcher.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const started = line.split(" ").map(Number);
  expect(started.length).toBeGreaterThan(3);
  launcher.kill("SIGKILL");
  const left = () => started.filter((pid) => existsSync(`/proc/${pid}`));
  const deadline = Date.now() + 10_000;
  while (left().length > 0 && Date.now() < deadline) await delay(50);
  expect(left()).toEqual([]);
});
