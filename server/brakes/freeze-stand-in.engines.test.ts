import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createLocalAccount } from "@/server/auth/local-accounts";
import type { Actor } from "@/server/auth/roles";
import { createBrakeWorker } from "@/server/brakes/brake-worker";
import { getFreeze } from "@/server/brakes/freeze-view";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import { thawZone } from "@/server/brakes/thaw-zone";
import { openDeployment, type Deployment as Attached } from "@/server/caracal/deployment";
import type { Repeating } from "@/server/jobs/repeat";
import { createCollector, type Collector } from "@/server/live/collector";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { agreed } from "@/sandbox/agreed";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";

/** The whole way on the stand-in's real STS processes: what counts is what they mint. */
let deployment: Deployment;
let witness: Witness;
let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let owner: pg.Pool;
let caracal: Attached;
let db: Database;
let collector: Collector;
let dana: Actor;
let worker: Repeating | null = null;

beforeAll(async () => {
  [deployment, own] = await Promise.all([startDeployment({ size: "small" }), freshConsoleDatabase()]);
  witness = await openWitness(deployment);
  const settings = readSettings({
    CONSOLE_DATABASE_URL: own.url,
    CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
    CARACAL_DATABASE_URL: deployment.caracal.url,
    CARACAL_REDIS_URL: deployment.redis.url,
    CARACAL_STS_URLS: deployment
      .replicasOf("sts")
      .map(({ url }) => url)
      .join(","),
    STREAMS_HMAC_KEY: deployment.secrets.streamsHmacKey,
  });
  caracal = openDeployment(settings);
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 5_000 });
  owner = new pg.Pool({ connectionString: own.migrateUrl, max: 1 });
  collector = createCollector({ caracal, db, deploymentName: "brakes" });
  await vi.waitUntil(() => caracal.redis.status === "ready", { timeout: 5_000 });
  await collector.sampleNow();
  const id = await createLocalAccount({
    db,
    username: "dana",
    displayName: "Dana",
    roles: ["responder"],
    password: "a long enough password",
  });
  dana = { id, name: "Dana", roles: ["responder"] };
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
});
afterAll(async () => {
  await collector?.stop();
  await Promise.all([caracal?.close(), db?.close(), owner?.end(), witness?.close()]);
  await deployment?.dispose();
  await own?.drop();
});

const zone = () => {
  const [first] = deployment.seeded.zones;
  if (first === undefined) throw new RangeError("no zone was seeded");
  return first;
};
const both = ["sts-1", "sts-2"] as const;
const mints = async () =>
  (
    await Promise.all(
      both.map((name) => witness.mint(name, 0, { client_secret: seededSecret(zone().applications[0] ?? "") })),
    )
  ).map(({ status }) => status);
const bindings = async () =>
  (
    await witness.owner.query(
      "SELECT policy_set_id, active_version_id FROM policy_set_bindings WHERE zone_id = $1 ORDER BY 1",
      [zone().id],
    )
  ).rows;

async function freeze(): Promise<string> {
  const action = freezeZoneAction({ db, caracal });
  const stored = await agreed(owner, action, { zoneId: zone().id }, dana);
  return (await db.transaction((tx) => action.start(tx, stored, dana))).replace("freeze:", "");
}
const work = (pollSeconds: number) => {
  worker = createBrakeWorker({ db, caracal, collector, holder: "console:test", pollSeconds });
  worker.start();
};
const see = (freezeId: string) => getFreeze({ ctx: { db, actor: dana }, input: { freezeId } });

test("two STS stop minting within seconds, though one message reaches one of them; the thaw gives back what was", async () => {
  const before = await bindings();
  await eventually(async () => expect(await mints()).toEqual([200, 200]));
  const freezeId = await freeze();
  work(60);
  await eventually(async () => expect((await see(freezeId)).state).toBe("frozen"), 30_000);
  expect(await mints()).toEqual([403, 403]);
  const view = await see(freezeId);
  expect(view.replicas.filter(({ deliveredAt }) => deliveredAt !== null)).toHaveLength(2);
  expect(view.replicas.every(({ polledAt }) => polledAt === null)).toBe(true); // not by waiting for the poll
  await thawZone({ ctx: { db, actor: dana }, input: { freezeId, reason: "Contained" } });
  await eventually(async () => expect((await see(freezeId)).state).toBe("thawed"), 30_000);
  expect(await mints()).toEqual([200, 200]);
  expect(await bindings()).toEqual(before);
});

test("an STS that never hears messages is not called frozen before its poll has run", async () => {
  const pollSeconds = 6;
  await deployment.redis.stop();
  await deployment.service("sts-2").restart({ OPA_POLL_SECONDS: String(pollSeconds) }); // starts its consumers never (contract section 1)
  await deployment.redis.start();
  await eventually(async () => expect(await mints()).toEqual([200, 200]), 30_000);
  await eventually(
    async () => expect((await collector.sampleNow()).replicas.map(({ ready }) => ready)).toEqual([true, true]),
    30_000,
  );
  const freezeId = await freeze();
  work(pollSeconds);
  await eventually(
    async () => expect((await see(freezeId)).replicas.some(({ deliveredAt }) => deliveredAt !== null)).toBe(true),
    30_000,
  );
  expect((await see(freezeId)).state).toBe("freezing");
  await eventually(async () => expect((await see(freezeId)).state).toBe("frozen"), 40_000);
  expect(await mints()).toEqual([403, 403]);
  const view = await see(freezeId);
  expect(view.replicas.some(({ deliveredAt, polledAt }) => deliveredAt === null && polledAt !== null)).toBe(true);
});
