import { afterAll, beforeAll, expect, it } from "vitest";
import { openDeployment, type Deployment as Attached } from "@/server/caracal/deployment";
import { createCollector, type Collector } from "@/server/live/collector";
import type { Snapshot } from "@/server/live/snapshot";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";

const stream = "caracal.sessions.revoke";
let deployment: Deployment;
let witness: Witness;
let consoleDb: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let caracal: Attached;
let db: Database;
let collector: Collector;
let ahead = 0; // the collector's clock is moved on instead of waiting

beforeAll(async () => {
  [deployment, consoleDb] = await Promise.all([
    startDeployment({ size: "small", replicas: { sts: 1, gateway: 1 } }),
    freshConsoleDatabase(),
  ]);
  witness = await openWitness(deployment);
  const urls = (kind: "sts" | "gateway") =>
    deployment
      .replicasOf(kind)
      .map(({ url }) => url)
      .join(",");
  const settings = readSettings({
    CONSOLE_DATABASE_URL: consoleDb.url,
    CONSOLE_MIGRATE_DATABASE_URL: consoleDb.migrateUrl,
    CARACAL_DATABASE_URL: deployment.caracal.url,
    CARACAL_REDIS_URL: deployment.redis.url,
    CARACAL_STS_URLS: urls("sts"),
    CARACAL_GATEWAY_URLS: urls("gateway"),
    STREAMS_HMAC_KEY: deployment.secrets.streamsHmacKey,
  });
  caracal = openDeployment(settings);
  db = openDatabase({ url: consoleDb.url, label: "The console's Postgres", max: 2, statementTimeoutMs: 5_000 });
  collector = createCollector({ caracal, db, deploymentName: "deaf", clock: () => Date.now() + ahead });
});
afterAll(async () => {
  await collector?.stop();
  await caracal?.close();
  await db?.close();
  await witness?.close();
  await deployment?.dispose();
  await consoleDb?.drop();
});

const deaf = (snapshot: Snapshot) => snapshot.signals.filter(({ rule }) => rule === "deaf-consumer");
const verdict = (snapshot: Snapshot, group: string) =>
  snapshot.streams.find(({ name }) => name === stream)?.groups.find((one) => one.group === group)?.verdict;
const revoke = (session_id: string) => witness.publish(stream, { zone_id: "z", session_id, reason: "test" });
async function lookAfter(milliseconds: number): Promise<Snapshot> {
  ahead += milliseconds;
  return collector.sampleNow();
}

it("names a gateway that is ready and never reads, until its restart", async () => {
  await eventually(async () =>
    expect(await witness.group(stream, "gateway-revocation")).toMatchObject({ lag: 0, pending: 0 }),
  );
  await collector.sampleNow();
  expect(deaf(await lookAfter(60_000))).toEqual([]); // a quiet group is not a deaf one

  await deployment.redis.stop();
  await deployment.service("gateway-1").restart();
  await deployment.redis.start();
  await eventually(async () => {
    const { replicas, sources } = await collector.sampleNow();
    expect(replicas.map(({ ready }) => ready)).toEqual([true, true]);
    expect(sources.find(({ id }) => id === "caracal-redis")?.status).toBe("ok");
  });
  const id = await revoke("unheard");
  await revoke("unheard too");
  await eventually(async () => {
    const snapshot = await collector.sampleNow();
    expect([verdict(snapshot, "sts-revocation"), verdict(snapshot, "gateway-revocation")]).toEqual([
      "all-read",
      "behind",
    ]);
  });
  expect(deaf(await lookAfter(5_000))).toEqual([]); // it may just be slow
  const [signal, ...others] = deaf(await lookAfter(15_000));
  expect(others).toEqual([]);
  expect(signal).toMatchObject({ key: `deaf:${stream}:gateway-revocation`, severity: "P2", stale: false });
  // Redis forgets how many a group has read when it restarts: then nobody can count
  expect(signal?.sentence).toMatch(
    /^gateway-1 says ready, yet gateway-revocation has not read for 2\d s: (2|some) unread$/,
  );
  expect(signal?.meaning).toContain("Restart it");
  const delivered = signal?.figures.find(({ name }) => name === "last delivered")?.value;
  expect(String(delivered) < id).toBe(true);

  await deployment.service("gateway-1").restart();
  await eventually(async () => expect(verdict(await collector.sampleNow(), "gateway-revocation")).toBe("all-read"));
  expect(deaf(await lookAfter(4_000))).toEqual([]);
});

it("names a group that was destroyed: nobody makes it again, though its service stays ready", async () => {
  await witness.redis.xgroup("DESTROY", stream, "sts-revocation");
  const id = await revoke("to nobody");
  await eventually(async () =>
    expect(await witness.group(stream, "resource-revocation")).toMatchObject({ lastDelivered: id }),
  );
  const snapshot = await lookAfter(60_000);
  expect(snapshot.streams.find(({ name }) => name === stream)?.missingGroups).toEqual(["sts-revocation"]);
  expect(snapshot.replicas.find(({ kind }) => kind === "sts")?.ready).toBe(true);
  const named = snapshot.signals.filter(({ sentence }) => sentence.includes("sts-revocation"));
  expect(named.map(({ rule, severity }) => [rule, severity])).toEqual([["missing-group", "P4"]]);
});
