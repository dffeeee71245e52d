import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { createBrakeWorker } from "@/server/brakes/brake-worker";
import { getFreeze } from "@/server/brakes/freeze-view";
import { freezeZoneAction } from "@/server/brakes/freeze-zone.action";
import { thawZone } from "@/server/brakes/thaw-zone";
import type { Repeating } from "@/server/jobs/repeat";
import { createCollector, type Collector } from "@/server/live/collector";
import type { Database } from "@/server/platform/postgres";
import { agreed } from "@/sandbox/agreed";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually, type Witness } from "@/sandbox/stand-in-witness";

/** The whole way on the stand-in's real STS processes: what counts is what they mint. */
let attached: AttachedConsole;
let deployment: AttachedConsole["deployment"];
let witness: Witness;
let owner: pg.Pool;
let caracal: AttachedConsole["caracal"];
let db: Database;
let collector: Collector;
let dana: Actor;
let worker: Repeating | null = null;

beforeAll(async () => {
  attached = await attachConsole();
  ({ deployment, witness, caracal, db } = attached);
  owner = new pg.Pool({ connectionString: attached.own.migrateUrl, max: 1 });
  collector = createCollector({ caracal, db, deploymentName: "brakes" });
  await collector.sampleNow();
  dana = await newPerson(db, "dana", ["responder"], "Dana");
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
});
afterAll(async () => {
  await collector?.stop();
  await owner?.end();
  await attached?.close();
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
