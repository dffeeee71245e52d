import type { Redis } from "ioredis";
import { openRedis } from "@/server/caracal/redis";
import { type Database, openDatabase, type Queryable } from "@/server/platform/postgres";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { loadRun } from "@/server/redrive/run-rows";

/**
 * A worker of dead letters as a process of its own, to be killed or measured: works on one run until it is over, or until nothing is
 * left to list. With DIE_AT it kills itself with SIGKILL at that many statements and commands: before the odd ones, after the even ones.
 */
const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
};
const dieAt = process.env.DIE_AT === undefined ? null : Number(process.env.DIE_AT);
let steps = 0;

const die = () => {
  process.kill(process.pid, "SIGKILL");
  return new Promise<never>(() => undefined);
};

async function step<T>(work: () => Promise<T>): Promise<T> {
  steps += 1;
  const last = steps === dieAt;
  if (last && steps % 2 === 1) await die();
  const value = await work();
  if (last) await die();
  return value;
}

const guarded = (inner: Queryable): Queryable => ({ query: (sql, params) => step(() => inner.query(sql, params)) });
const guardedDatabase = (db: Database): Database => ({
  ...guarded(db),
  transaction: (work) => db.transaction((tx) => work(guarded(tx))),
  close: () => db.close(),
});

/** Counts what goes to Redis: whole pipelines, and the commands that workers send alone. */
function guardedRedis(redis: Redis): Redis {
  const pipeline = redis.pipeline.bind(redis);
  redis.pipeline = () => {
    const pipe = pipeline();
    const exec = pipe.exec.bind(pipe);
    pipe.exec = () => step(exec);
    return pipe;
  };
  const xdel = redis.xdel.bind(redis) as (...args: unknown[]) => Promise<number>;
  redis.xdel = ((...args: unknown[]) => step(() => xdel(...args))) as typeof redis.xdel;
  return redis;
}

const db = guardedDatabase(
  openDatabase({ url: given("CONSOLE_URL"), label: "console", max: 6, statementTimeoutMs: 10_000 }),
);
const caracalDb = guardedDatabase(
  openDatabase({ url: given("CARACAL_URL"), label: "caracal", max: 6, statementTimeoutMs: 10_000 }),
);
const redis = guardedRedis(openRedis(given("REDIS_URL")));
const key = (name: string) => Buffer.from(given(name), "hex");
const ctx = {
  db,
  caracal: { db: caracalDb, redis },
  keys: { audit: key("AUDIT_KEY"), streams: key("STREAMS_KEY") },
  holder: "console:one-worker-at-a-time",
};
while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 5));
process.stdout.write("ready\n");
steps = 0;
const runId = given("RUN");
const allowance = createAllowance();
while (!["planned", "finished", "cancelled"].includes((await loadRun(db, runId)).state))
  if (!(await advanceOneRedrive(ctx, allowance))) await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write(`peak ${process.resourceUsage().maxRSS}\n`);
redis.disconnect();
await Promise.all([db.close(), caracalDb.close()]);
