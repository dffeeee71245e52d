import { createServer, type Server } from "node:http";
import { Client } from "pg";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDeployment, type Deployment } from "@/server/caracal/deployment";
import { clearSignal } from "@/server/detection/clear-signal";
import { declareSignal } from "@/server/detection/declare-signal";
import { createCollector, type Collector } from "@/server/live/collector";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import type { Engine } from "@/sandbox/engines/engine";
import { freePort } from "@/sandbox/engines/free-port";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";

const actor = { id: "p1", name: "Dana Responder", roles: ["responder"] } as const;
const revocations = "caracal.sessions.revoke";
let caracalPostgres: Engine;
let consolePostgres: Engine;
let redis: Engine;
let ownerUrl: string;
let port: number;
let caracal: Deployment;
let db: Database;
let collector: Collector;
let leave: () => void;
let sts: Server | undefined;

beforeAll(async () => {
  [caracalPostgres, consolePostgres, redis, port] = await Promise.all([
    startPostgres(),
    startPostgres(),
    startRedis(),
    freePort(),
  ]);
  const [theirs, ours] = await Promise.all([
    createCaracalDatabase(caracalPostgres.url),
    createConsoleDatabase(consolePostgres.url),
  ]);
  ownerUrl = theirs.ownerUrl;
  const settings = readSettings({
    CONSOLE_DATABASE_URL: ours.url,
    CONSOLE_MIGRATE_DATABASE_URL: ours.migrateUrl,
    CARACAL_DATABASE_URL: theirs.url,
    CARACAL_REDIS_URL: redis.url,
    CARACAL_STS_URLS: `http://127.0.0.1:${port}`,
  });
  await Promise.all([caracalPostgres.stop(), consolePostgres.stop(), redis.stop()]);
  caracal = openDeployment(settings);
  db = openDatabase({ url: ours.url, label: "The console's Postgres", max: 3, statementTimeoutMs: 5_000 });
  collector = createCollector({ caracal, db, deploymentName: "bad days" });
  leave = collector.subscribe(() => undefined); // somebody watches: one look a second
});
afterAll(async () => {
  leave?.();
  await collector?.stop();
  await caracal?.close();
  await db?.close();
  sts?.closeAllConnections();
  sts?.close();
  await Promise.all([caracalPostgres?.dispose(), consolePostgres?.dispose(), redis?.dispose()]);
});

/** What the collector itself comes to say; nothing here makes it look. */
const comesToSay = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
const source = (id: string) => collector.snapshot().sources.find((one) => one.id === id);
const status = (id: string) => source(id)?.status;
const signal = (key: string) => collector.snapshot().signals.find((one) => one.key === key);
const figure = (key: string) => collector.history([key], 15)[0]?.points.at(-1)?.[1];
const everything = ["caracal-postgres", "caracal-redis", "console-postgres", "sts-1"];
async function asOwner(sql: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe("a collector that starts while everything is down", () => {
  it("starts all the same and says never, with the reason, and nothing as zero", async () => {
    collector.start();
    await comesToSay(() => {
      for (const id of everything)
        expect(source(id)).toMatchObject({
          status: "never",
          okAt: null,
          failingSince: expect.any(Number),
          reason: expect.stringMatching(/\w/),
        });
    });
    const snapshot = collector.snapshot();
    expect(snapshot.streams).toEqual([]);
    expect(new Set(Object.values(snapshot.counts))).toEqual(new Set([null]));
    expect(snapshot.replicas[0]).toMatchObject({ reachable: false, ready: false, seenAt: null });
    expect(snapshot.signals.map(({ rule }) => rule)).toContain("service-not-ready");
    const error = await declareSignal({
      ctx: { db, actor },
      input: { severity: "P2", sentence: "nothing answers" },
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "source_unreachable" });
  });

  it("finds each source by itself as it comes up, in any order", async () => {
    await redis.start();
    await comesToSay(() => expect(status("caracal-redis")).toBe("ok"));
    expect([status("caracal-postgres"), status("console-postgres")]).toEqual(["never", "never"]);
    const owner = new Redis(redis.url);
    await owner.xadd(revocations, "*", "zone_id", "z");
    owner.disconnect();
    await comesToSay(() => expect(collector.snapshot().streams.map(({ name }) => name)).toContain(revocations));
    sts = createServer((_, response) => response.end("{}"));
    sts.listen(port, "127.0.0.1");
    await comesToSay(() => expect(collector.snapshot().replicas[0]).toMatchObject({ ready: true }));
    await Promise.all([caracalPostgres.start(), consolePostgres.start()]);
    await comesToSay(() => expect(everything.map(status)).toEqual(["ok", "ok", "ok", "ok"]));
    await comesToSay(() => expect(collector.snapshot().release).toContain("v2026.05"));
    expect(collector.snapshot().counts).toMatchObject({ outboxWaiting: 0, revocationsWaiting: 0 });
  });
});

describe("Caracal's Postgres away and back", () => {
  it("keeps its counts and signals with their age, leaves a gap in history, and catches up", async () => {
    await asOwner(`INSERT INTO event_outbox (id, stream_name, payload_json, available_at, created_at)
      SELECT 'w' || n, '${revocations}', '{}', now(), now() - interval '1 minute' FROM generate_series(1, 3) AS n`);
    await comesToSay(() => expect(signal("revocation-backlog:outbox")?.sentence).toMatch(/^3 revocations/));
    expect(signal("revocation-backlog:outbox")?.stale).toBe(false);
    const okAt = source("caracal-postgres")?.okAt ?? 0;

    await caracalPostgres.stop();
    await comesToSay(() => expect(status("caracal-postgres")).toBe("stale"));
    expect(source("caracal-postgres")?.okAt).toBeGreaterThanOrEqual(okAt);
    expect(source("caracal-postgres")).toMatchObject({ failingSince: expect.any(Number), reason: expect.any(String) });
    expect(collector.snapshot().counts.revocationsWaiting).toBe(3);
    await comesToSay(() => expect(signal("revocation-backlog:outbox")?.stale).toBe(true));
    await comesToSay(() => expect(figure("counts:revocationsWaiting")).toBeNull());
    expect(["caracal-redis", "console-postgres", "sts-1"].map(status)).toEqual(["ok", "ok", "ok"]);

    await caracalPostgres.start();
    await asOwner("UPDATE event_outbox SET dispatched_at = now() WHERE id <> 'w1'");
    await comesToSay(() => expect(signal("revocation-backlog:outbox")?.sentence).toMatch(/^1 revocation /));
    await comesToSay(() => expect(signal("revocation-backlog:outbox")?.stale).toBe(false));
    await comesToSay(() => expect(figure("counts:revocationsWaiting")).toBe(1));
  });

  it("tells what waits, fails or is dead in the coordinator's outbox, also once a row is among the newest no more", async () => {
    const age = () => signal("coordinator-outbox-waiting:caracal.agents.lifecycle");
    await asOwner(`INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status, attempts, created_at)
      VALUES ('0-old', 'coordinator', 'caracal.agents.lifecycle', 'a', '{}', 'pending', 4, now() - interval '1 hour'),
             ('0-dead', 'coordinator', 'caracal.agents.lifecycle', 'd', '{}', 'dead', 100, now() - interval '1 hour'),
             ('0-out', 'coordinator', 'caracal.agents.lifecycle', 'p', '{}', 'published', 1, now() - interval '1 hour')`);
    await comesToSay(() => expect(age()?.sentence).toMatch(/^1 message of the coordinator .* the oldest 1 h/));
    expect(signal("coordinator-outbox-failing")?.sentence).toMatch(/^1 row .* the worst tried 4 times/);
    expect(signal("coordinator-outbox-dead")?.sentence).toMatch(/1 outbox row$/);
    await asOwner(`INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status)
      SELECT '1-' || lpad(n::text, 6, '0'), 'coordinator', 't', n::text, '{}'::jsonb, 'published' FROM generate_series(1, 20000) n
      UNION ALL SELECT '2-new', 'coordinator', 'caracal.agents.lifecycle', 'n', '{}'::jsonb, 'pending'`);
    await comesToSay(() =>
      expect(age()?.sentence).toMatch(/^At least 2 messages of the coordinator .* the oldest 1 h/),
    );
    await asOwner("UPDATE caracal_outbox SET status = 'published' WHERE id IN ('0-old', '2-new')");
    await comesToSay(() => expect(age()).toBeUndefined());
  });

  it("frozen, holds up no other source", async () => {
    const pictures: number[] = [];
    const unsubscribe = collector.subscribe(({ at }) => pictures.push(at));
    await comesToSay(() => expect(pictures).not.toEqual([]));
    await caracalPostgres.pause();
    await comesToSay(() => expect(status("caracal-postgres")).toBe("stale"));
    unsubscribe();
    const gaps = pictures.slice(1).map((at, n) => at - (pictures[n] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(3_000); // it takes Postgres longer than that to be given up
    const frozenAt = Date.now();
    await comesToSay(() => expect(source("caracal-redis")?.okAt ?? 0).toBeGreaterThan(frozenAt + 1_000));
    expect(status("caracal-postgres")).toBe("stale");
    await caracalPostgres.resume();
    await comesToSay(() => expect(status("caracal-postgres")).toBe("ok"));
  });
});

describe("the console's own Postgres away and back", () => {
  it("keeps declared signals, marked as last known, and hears of a clearing when it is back", async () => {
    const { id } = await declareSignal({ ctx: { db, actor }, input: { severity: "P1", sentence: "a leaked key" } });
    const key = `declared:${id}`;
    await comesToSay(() =>
      expect(signal(key)).toMatchObject({ severity: "P1", declaredBy: "Dana Responder", stale: false }),
    );
    await consolePostgres.stop();
    await comesToSay(() => expect(signal(key)).toMatchObject({ sentence: "a leaked key", stale: true }));
    expect(status("console-postgres")).toBe("stale");
    const clearing = clearSignal({ ctx: { db, actor }, input: { id, reason: "rotated" } });
    await expect(clearing).rejects.toMatchObject({ code: "source_unreachable" });
    expect(signal(key)).toBeDefined();
    await consolePostgres.start();
    await comesToSay(() => expect(signal(key)?.stale).toBe(false));
    await clearSignal({ ctx: { db, actor }, input: { id, reason: "rotated" } });
    await comesToSay(() => expect(signal(key)).toBeUndefined());
  });
});
