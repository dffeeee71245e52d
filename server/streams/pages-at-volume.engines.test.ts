import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { createRedisLook } from "@/server/live/redis-look";
import { forgetReads } from "@/server/platform/shared-read";
import { listConsumers } from "@/server/streams/list-consumers";
import { listEntries } from "@/server/streams/list-entries";
import { listPending } from "@/server/streams/list-pending";

const stream = "caracal.sessions.revoke";
const [small, large] = [300, 20_000];
const group = "sts-revocation";

let stage: KeyStage;
beforeAll(async () => {
  stage = await openKeyStage();
});
afterAll(() => stage.close());

/** A stream of `entries`, half of them pending over as many consumers as asked for. */
async function fill(entries: number, consumers: number): Promise<void> {
  const { redis } = stage.caracal;
  await redis.del(stream);
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  for (let done = 0; done < entries; done += 1_000) {
    const pipe = redis.pipeline();
    for (let nth = done; nth < Math.min(done + 1_000, entries); nth += 1)
      pipe.xadd(stream, `1795465374026-${nth + 1}`, "zone_id", "z", "session_id", `s-${nth}`);
    await pipe.exec();
  }
  const each = Math.ceil(entries / 2 / consumers);
  const pipe = redis.pipeline();
  for (let nth = 0; nth < consumers; nth += 1)
    pipe.xreadgroup("GROUP", group, `sts-host-${nth}-revocations`, "COUNT", each, "STREAMS", stream, ">");
  await pipe.exec();
}

/** What Redis was asked while `work` ran: each command with how often. */
async function asked(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const { redis } = stage.caracal;
  await redis.config("RESETSTAT");
  await work();
  const text = await redis.info("commandstats");
  const counts = [...text.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]);
  return Object.fromEntries(counts.filter(([name]) => !/^(config|info|ping|client|hello)/.test(String(name))));
}

const look = () => createRedisLook({ redis: stage.caracal.redis, streamsKey: null, count: () => undefined });

test("what a page asks of Redis is the same at every length, and never all of anything", async () => {
  const pages: Record<string, () => Promise<unknown>> = {
    overview: () => look()(Date.now()),
    entries: () =>
      listEntries({
        ctx: { caracal: stage.caracal, auditKey: null },
        input: { stream, direction: "oldest", from: "1795465374026-150", limit: 50 },
      }),
    pending: () => listPending({ ctx: { caracal: stage.caracal }, input: { stream, group, limit: 50 } }),
    consumers: () => listConsumers({ ctx: { caracal: stage.caracal }, input: { stream, group } }),
  };
  const seen: Record<string, Record<string, number>[]> = {};
  for (const [entries, consumers] of [
    [small, 1],
    [large, 200],
  ] as const) {
    await fill(entries, consumers);
    for (const [name, page] of Object.entries(pages)) {
      seen[name] = [...(seen[name] ?? []), await asked(page)];
    }
    forgetReads(stage.caracal.redis);
  }
  for (const [name, [few, many]] of Object.entries(seen)) expect({ name, ...many }).toEqual({ name, ...few });
  expect(seen.entries?.[1]).toEqual({ xrange: 1 });
  expect(seen.pending?.[1]).toEqual({ xpending: 1, xrange: 50 });
  expect(seen.consumers?.[1]).toEqual({ "xinfo|consumers": 1 });
  const allowed = new Set([
    "scan",
    "xinfo|stream",
    "xinfo|groups",
    "xinfo|consumers",
    "xpending",
    "xrange",
    "xrevrange",
    "memory|usage",
    "info",
  ]);
  expect(Object.keys(seen.overview?.[1] ?? {}).filter((name) => !allowed.has(name))).toEqual([]);
}, 120_000);

test("a crowd of consumers is looked at seldom, cut to 20, and a thousand viewers ask Redis once", async () => {
  await fill(large, 200);
  const read = look();
  const at = Date.now();
  const first = await read(at);
  const seen = first.streams.find(({ name }) => name === stream)?.groups[0];
  expect(seen).toMatchObject({ consumerCount: 200, pending: large / 2 });
  expect(seen?.consumers).toHaveLength(20);
  expect((await asked(() => read(at + 1_000)))["xinfo|consumers"]).toBeUndefined();
  expect((await asked(() => read(at + 10_001)))["xinfo|consumers"]).toBe(1);
  const viewers = await asked(() =>
    Promise.all(
      Array.from({ length: 1_000 }, () =>
        listPending({ ctx: { caracal: stage.caracal }, input: { stream, group, limit: 20 } }),
      ),
    ),
  );
  expect(viewers).toEqual({ xpending: 1, xrange: 20 });
}, 120_000);

test("trims and deletions, rates and the size of a stream are seen", async () => {
  const { redis } = stage.caracal;
  await fill(large, 1);
  const read = look();
  const at = Date.now();
  const state = async (now: number) => (await read(now)).streams.find(({ name }) => name === stream);
  expect(await state(at)).toMatchObject({ perSecond: null, removedPerSecond: null, boundSeen: null, removed: 0 });
  await redis.xdel(stream, "1795465374026-7");
  await redis.xadd(stream, "*", "zone_id", "z");
  expect(await state(at + 1_000)).toMatchObject({ perSecond: 1, removedPerSecond: 1, boundSeen: null });
  await redis.xadd(stream, "MAXLEN", "=", "5000", "*", "zone_id", "z");
  const trimmed = await state(at + 2_000);
  expect(trimmed).toMatchObject({ perSecond: 1, boundSeen: { entries: 5_000 }, removed: large - 5_000 + 2 });
  expect(trimmed?.removedPerSecond).toBe(large - 5_000 + 1);
  expect(trimmed?.bytes).toBeGreaterThan(50_000);
  await redis.xreadgroup("GROUP", group, "a", "COUNT", "30", "STREAMS", stream, ">");
  const group0 = (await state(at + 3_000))?.groups[0];
  expect(group0?.readPerSecond ?? group0?.unreadEstimate).not.toBeNull();
}, 120_000);
