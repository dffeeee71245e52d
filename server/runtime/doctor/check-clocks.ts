import type { Redis } from "ioredis";
import type { Queryable } from "@/server/platform/postgres";
import { type Finding, ok, skipped, warn } from "@/server/runtime/doctor/finding";

const toleranceMs = 2_000;

type Reading = { readonly whose: string; readonly aheadMs: number };

/** How far `read`'s clock is ahead of this host's, taken at the middle of the question's way. */
async function compare(whose: string, now: () => number, read: () => Promise<number>): Promise<Reading> {
  const sent = now();
  const there = await read();
  return { whose, aheadMs: Math.round(there - (sent + now()) / 2) };
}

async function postgresTime(db: Queryable): Promise<number> {
  const [row] = await db.query<{ ms: number }>("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms");
  return row?.ms ?? Number.NaN;
}

async function redisTime(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}

const words = ({ whose, aheadMs }: Reading) =>
  Math.abs(aheadMs) < 1_000
    ? `${whose} ${aheadMs >= 0 ? "+" : "−"}${Math.abs(aheadMs)} ms`
    : `${whose} ${aheadMs >= 0 ? "+" : "−"}${(Math.abs(aheadMs) / 1_000).toFixed(1)} s`;

/** The clocks of everything whose times are compared with each other; null for what is away. */
export async function checkClocks(ctx: {
  now: () => number;
  console: Queryable | null;
  caracal: Queryable | null;
  redis: Redis | null;
}): Promise<Finding> {
  const name = "clocks";
  const asked: Promise<Reading>[] = [];
  if (ctx.console !== null) {
    const db = ctx.console;
    asked.push(compare("the console's Postgres", ctx.now, () => postgresTime(db)));
  }
  if (ctx.caracal !== null) {
    const db = ctx.caracal;
    asked.push(compare("Caracal's Postgres", ctx.now, () => postgresTime(db)));
  }
  if (ctx.redis !== null) {
    const redis = ctx.redis;
    asked.push(compare("Redis", ctx.now, () => redisTime(redis)));
  }
  const readings = (await Promise.all(asked)).filter(({ aheadMs }) => Number.isFinite(aheadMs));
  if (readings.length === 0) return skipped(name, "Not compared: nothing that has one answers.");
  const all = [0, ...readings.map(({ aheadMs }) => aheadMs)];
  const apartMs = Math.max(...all) - Math.min(...all);
  const list = readings.map(words).join(", ");
  if (apartMs <= toleranceMs) return ok(name, `Against this host: ${list}.`);
  return warn(
    name,
    `They are ${(apartMs / 1_000).toFixed(1)} s apart. Against this host: ${list}.`,
    "Set the clocks by NTP: expiry, idle times and the order of evidence are read across these machines.",
  );
}
