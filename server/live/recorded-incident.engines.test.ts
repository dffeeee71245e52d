import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDeployment, type Deployment } from "@/server/caracal/deployment";
import { createCollector, type Collector } from "@/server/live/collector";
import type { Snapshot } from "@/server/live/snapshot";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { listDeadLetters } from "@/server/streams/list-dead-letters";
import { listEntries } from "@/server/streams/list-entries";
import { listPending } from "@/server/streams/list-pending";
import {
  freshCaracalDatabase,
  freshConsoleDatabase,
  freshRedis,
  type FreshRedis,
} from "@/sandbox/engines/test-databases";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";

const fixtures = new URL("../../sandbox/fixtures/", import.meta.url);
const readJson = <T>(path: string) => JSON.parse(readFileSync(new URL(path, fixtures), "utf8")) as T;
type Bodies = Record<string, Record<string, { status: number; body: string } | "connection refused">>;
const keys = readJson<{ STREAMS_HMAC_KEY: string }>("recorded-incident/keys.json");

/** One server for all recorded replicas: /<replica>/<path>. "connection refused" cuts the connection. */
async function serveRecorded(initial: Bodies) {
  const serving = { bodies: initial };
  const server: Server = createServer((request, response) => {
    const [, replica = "", ...rest] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
    const answer = serving.bodies[replica]?.[rest.join("/")];
    if (answer === undefined) return response.writeHead(404).end();
    if (answer === "connection refused") return request.socket.destroy();
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { serving, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

let redis: FreshRedis;
let caracalDb: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let consoleDb: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let web: Awaited<ReturnType<typeof serveRecorded>>;
let caracal: Deployment;
let db: Database;
let collector: Collector;
let first: Snapshot;

const until = async (holds: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
  for (const deadline = Date.now() + 20_000; ; ) {
    const snapshot = await collector.sampleNow();
    if (holds(snapshot) || Date.now() > deadline) return snapshot;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const signal = (snapshot: Snapshot, key: string) => snapshot.signals.find((one) => one.key === key);
const redisState = (snapshot: Snapshot) => snapshot.sources.find(({ id }) => id === "caracal-redis");

beforeAll(async () => {
  [redis, caracalDb, consoleDb, web] = await Promise.all([
    freshRedis(),
    freshCaracalDatabase(),
    freshConsoleDatabase(),
    serveRecorded(readJson<Bodies>("recorded-incident/before/services.json")),
  ]);
  await loadRecordedIncident({ ownerUrl: caracalDb.ownerUrl, redisUrl: redis.url });
  const at = (...names: string[]) => names.map((name) => `${web.url}/${name}`).join(",");
  const settings = readSettings({
    CONSOLE_DATABASE_URL: consoleDb.url,
    CONSOLE_MIGRATE_DATABASE_URL: consoleDb.migrateUrl,
    CARACAL_DATABASE_URL: caracalDb.url,
    CARACAL_REDIS_URL: redis.url,
    CARACAL_STS_URLS: at("sts-1", "sts-2"),
    CARACAL_GATEWAY_URLS: at("gateway-1", "gateway-2"),
    CARACAL_API_URLS: at("api"),
    CARACAL_AUDIT_URLS: at("audit"),
    CARACAL_COORDINATOR_URLS: at("coordinator"),
    STREAMS_HMAC_KEY: keys.STREAMS_HMAC_KEY,
  });
  caracal = openDeployment(settings);
  db = openDatabase({ url: consoleDb.url, label: "console", max: 3, statementTimeoutMs: 5_000 });
  collector = createCollector({ caracal, db, deploymentName: "recorded" });
  first = await until((snapshot) => snapshot.sources.every(({ status }) => status === "ok"));
});

afterAll(async () => {
  await collector?.stop();
  await caracal?.close();
  await db?.close();
  web?.server.close();
  await Promise.all([redis?.drop(), caracalDb?.drop(), consoleDb?.drop()]);
});

describe("the recorded incident", () => {
  it("names the pending poison entry in both groups", async () => {
    for (const group of ["sts-revocation", "gateway-revocation"]) {
      const found = signal(first, `poison:caracal.sessions.revoke:${group}:1795465374743-0`);
      expect(found?.sentence).toContain(group);
      expect(found?.sentence).toContain("no session_id");
      const page = await listPending({
        ctx: { caracal },
        input: { stream: "caracal.sessions.revoke", group, limit: 50 },
      });
      expect(page.entries.map(({ id, diagnosis }) => [id, diagnosis?.slice(0, 21)])).toEqual([
        ["1795465374743-0", "poison: no session_id"],
      ]);
    }
  });

  it("names the forged revocation as dropped, and no other", async () => {
    const forged = first.signals.filter(({ rule }) => rule === "forged-message");
    expect(forged.map(({ key }) => key)).toEqual(["forged:caracal.sessions.revoke"]);
    expect(forged[0]?.sentence).toContain("1795465374381-0");
    expect(forged[0]?.sentence).toContain("dropped");
    const page = await listEntries({
      ctx: { caracal, auditKey: null },
      input: { stream: "caracal.sessions.revoke", direction: "oldest", limit: 200 },
    });
    expect(page.entries.filter(({ signature }) => signature !== "valid").map(({ id }) => id)).toEqual([
      "1795465374381-0",
    ]);
  });

  it("shows provisioned groups as never used, not as lagging or lost", () => {
    const groups = first.streams.flatMap((stream) => stream.groups);
    for (const name of [
      "siem-export",
      "audit-dlq-observer",
      "invocations-observer",
      "delegations-observer",
      "coordinator-relay",
    ])
      expect(groups.find(({ group }) => group === name)).toMatchObject({ verdict: "never-used", lost: false });
    expect(groups.find(({ group }) => group === "audit-ingestor")?.verdict).toBe("all-read");
    expect(first.signals.filter(({ rule }) => rule === "pel-lag" || rule === "lost-entries")).toEqual([]);
  });

  it("tells eight replayed mandates apart among seventeen dead letters", async () => {
    const dlq = signal(first, "dlq:caracal.audit.events.dlq");
    expect(dlq?.severity).toBe("P2");
    expect(dlq?.sentence).toMatch(/17\b.*8 are replayed mandates/);
    const page = await listDeadLetters({ ctx: { caracal }, input: { stream: "caracal.audit.events.dlq", limit: 50 } });
    expect(page.length).toBe(17);
    expect(page.causes[0]).toEqual({ cause: "replay_detected", kind: "security-signal", count: 8 });
    expect(page.causes.find(({ cause }) => cause === "hmac_verify_failed")?.count).toBe(5);
    expect(page.entries.some(({ cause }) => cause === "pg_permanent_error")).toBe(true);
    expect(JSON.stringify(page)).not.toContain("f5972b37788b2529bf1f0634b9f480a6");
  });

  it("names the ingest alert and reads each service's state right", () => {
    expect(first.signals.find(({ rule }) => rule === "ingest-alert")?.sentence).toContain("content_mismatch_on_replay");
    expect(first.replicas.every(({ ready }) => ready)).toBe(true);
    expect(first.replicas.find(({ id }) => id === "coordinator-1")?.metricsStatus).toBe("no-token");
    expect(first.replicas.find(({ id }) => id === "gateway-2")?.metrics.revocations_active).toBe(29);
    expect(signal(first, "not-ready:api-1")).toBeUndefined();
  });

  it("reads every recorded state: who is not ready, and of audit's 503 on /health what tells a dead consumer from an idle one", async () => {
    web.serving.bodies = readJson<Bodies>("services/redis-down.json");
    expect(signal(await collector.sampleNow(), "services-all-down")?.severity).toBe("P1");
    web.serving.bodies = readJson<Bodies>("services/postgres-down.json");
    expect(signal(await collector.sampleNow(), "services-all-down")?.severity).toBe("P1");
    web.serving.bodies = readJson<Bodies>("services/postgres-back.json");
    const back = await collector.sampleNow();
    expect(back.replicas.filter(({ ready }) => !ready).map(({ id }) => id)).toEqual(["api-1", "coordinator-1"]);
    expect(back.replicas.find(({ id }) => id === "audit-1")?.healthReason).toContain(
      "what audit-ingestor has unread or not settled tells which",
    );
    expect(signal(back, "audit-spool:sts-1")?.sentence).toContain("6 audit events");
    expect(signal(back, "mismatch:audit-1")?.noise).toContain("clean rows count as mismatches");
    expect(signal(back, "chain-break:audit-1")?.severity).toBe("P1");
    web.serving.bodies = readJson<Bodies>("services/sts-2-on-another-kek.json");
    const restarted = await collector.sampleNow();
    expect(signal(restarted, "restart:sts-2")?.severity).toBe("P3");
  });

  it("says lost, not lag, after a real trim of unread entries", async () => {
    const owner = new Redis(redis.url);
    for (let n = 0; n < 30; n++) await owner.xadd("caracal.policy.invalidate", "*", "zone_id", "z");
    await owner.call(
      "XREADGROUP",
      "GROUP",
      "opa-engine",
      "one",
      "COUNT",
      "5",
      "STREAMS",
      "caracal.policy.invalidate",
      ">",
    );
    await owner.xtrim("caracal.policy.invalidate", "MAXLEN", 10);
    owner.disconnect();
    const found = signal(await collector.sampleNow(), "lost:caracal.policy.invalidate:opa-engine");
    expect(found?.sentence).toContain("lost 15 entries");
  });

  it("keeps last values with their age while Redis is away, and recovers by itself", async () => {
    await redis.stop();
    const away = await until((snapshot) => redisState(snapshot)?.status === "stale");
    expect(redisState(away)).toMatchObject({
      status: "stale",
      failingSince: expect.any(Number),
      okAt: expect.any(Number),
    });
    expect(away.streams.find(({ name }) => name === "caracal.audit.events.dlq")?.length).toBe(17);
    expect(signal(away, "dlq:caracal.audit.events.dlq")?.stale).toBe(true);
    expect(collector.history(["stream:caracal.audit.events.dlq:length"], 15)[0]?.points.at(-1)?.[1]).toBeNull();
    await redis.start();
    expect(redisState(await until((snapshot) => redisState(snapshot)?.status === "ok"))?.status).toBe("ok");
  });

  it("costs Redis the same for 500 viewers as for one", async () => {
    const leave = Array.from({ length: 500 }, () => collector.subscribe(() => undefined));
    const before = collector.redisCommands();
    await Promise.all([collector.sampleNow(), collector.sampleNow()]);
    const many = collector.redisCommands() - before;
    for (const off of leave) off();
    await collector.sampleNow();
    const one = collector.redisCommands() - before - many;
    expect(many).toBeLessThanOrEqual(one + 30); // an INFO or a turn of SCAN may fall into either
  });
});
