import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { type StagedReplica, stageReplica } from "@/sandbox/service-stage/stage";
import { outageTurn } from "@/server/services/outages/outage-keeper";
import { allDown, readOutages, readWatch } from "@/server/services/outages/outage-windows";

let stage: KeyStage;
let replicas: StagedReplica[];
let ahead = 0; // our clock is ahead of the database's by this much, ms: what moves is time, and nobody waits

beforeAll(async () => {
  stage = await openKeyStage();
});
beforeEach(async () => {
  replicas = [await stageReplica("sts-1", "sts"), await stageReplica("sts-2", "sts")];
  await stage.owner.query(
    "ALTER TABLE replica_outages DISABLE TRIGGER USER; ALTER TABLE watch_gaps DISABLE TRIGGER USER",
  );
  await stage.owner.query("TRUNCATE replica_outages, watch_gaps, outage_watch; DELETE FROM leases");
  await stage.owner.query(
    "ALTER TABLE replica_outages ENABLE TRIGGER USER; ALTER TABLE watch_gaps ENABLE TRIGGER USER",
  );
  ahead = 0;
});
afterEach(() => Promise.all(replicas.map((replica) => replica.close())));
afterAll(() => stage.close());

const ids = ["sts-1", "sts-2"];
const keeper = (db = stage.db) =>
  outageTurn({
    db,
    caracal: { replicas: replicas.map(({ id, kind, url }) => ({ id, kind, url })) },
    clock: () => Date.now() + ahead,
  });
const outages = () => readOutages(stage.db, ids, new Date(0));
const first = () => {
  const [replica] = replicas;
  if (replica === undefined) throw new Error("no replica");
  return replica;
};
/** Moves every time that was written into the past, as if so many seconds had gone by. */
const secondsLater = (seconds: number) =>
  stage.owner.query(
    `ALTER TABLE replica_outages DISABLE TRIGGER USER;
     UPDATE replica_outages SET ready_until = ready_until - interval '${seconds} s', down_since = down_since - interval '${seconds} s', down_until = down_until - interval '${seconds} s';
     UPDATE outage_watch SET watched_until = watched_until - interval '${seconds} s';
     UPDATE leases SET until = until - interval '${seconds} s';
     ALTER TABLE replica_outages ENABLE TRIGGER USER`,
  );

test("an outage is kept with the looks on either side of it, whatever the console's own clock says", async () => {
  ahead = 3_600_000;
  const turn = keeper();
  await turn();
  expect(await outages()).toEqual([]);
  await first().down();
  await turn();
  await turn();
  const [open] = await outages();
  expect(open).toMatchObject({ replica: "sts-1", upSince: null, reason: "connection refused" });
  expect(Math.abs((open?.downSince ?? 0) - Date.now())).toBeLessThan(30_000);
  expect(open?.readyUntil).toBeLessThanOrEqual(open?.downSince ?? 0);
  expect(open?.downUntil).toBeGreaterThan(open?.downSince ?? 0);
  await first().up();
  await turn();
  const [over] = await outages();
  expect(over?.upSince).toBeGreaterThanOrEqual(over?.downUntil ?? Number.POSITIVE_INFINITY);
  await turn();
  expect(await outages()).toHaveLength(1);
});

test("a replica that answers 503 is down in its own words; that the reason changed begins no other outage", async () => {
  const turn = keeper();
  await turn();
  first().ready = false;
  await turn();
  first().says = "postgres unreachable: x";
  await turn();
  const found = await outages();
  expect(found).toHaveLength(1);
  expect(found[0]?.reason).toMatch(/^redis unreachable/);
});

test("one console writes at a time; another goes on with the same outage when the first is gone", async () => {
  const [one, two] = [keeper(), keeper()];
  await one();
  await first().down();
  await Promise.all([one(), two()]);
  await Promise.all([one(), two()]);
  expect(await outages()).toHaveLength(1);
  await secondsLater(8); // the first console is silent, and its lease runs out; less than a gap
  await two();
  await first().up();
  await two();
  const found = await outages();
  expect(found).toHaveLength(1);
  expect(found[0]?.upSince).not.toBeNull();
  expect((await readWatch(stage.db, new Date(0))).gaps).toEqual([]);
});

test("when nobody looked is kept as a gap, and the outage that was open over it is one", async () => {
  await keeper()();
  await first().down();
  const turn = keeper();
  await stage.owner.query("DELETE FROM leases");
  await turn();
  await secondsLater(300);
  await keeper()();
  const { gaps } = await readWatch(stage.db, new Date(0));
  expect(gaps).toHaveLength(1);
  expect((gaps[0]?.to ?? 0) - (gaps[0]?.from ?? 0)).toBeGreaterThan(290_000);
  expect(await outages()).toHaveLength(1);
});

test("while our own database is away, what was seen is kept and written afterwards, with its times", async () => {
  let away = false;
  const db = {
    ...stage.db,
    transaction: <T>(work: Parameters<typeof stage.db.transaction<T>>[0]) =>
      away ? Promise.reject(new Error("away")) : stage.db.transaction(work),
  };
  const turn = keeper(db);
  await turn();
  away = true;
  await first().down();
  await expect(turn()).rejects.toThrow("away");
  await first().up();
  await expect(turn()).rejects.toThrow("away");
  away = false;
  await turn();
  const [found] = await outages();
  expect(found?.upSince).not.toBeNull();
  expect((await readWatch(stage.db, new Date(0))).gaps).toEqual([]);
});

test("a closed outage cannot be changed, an open one only be ended", async () => {
  const turn = keeper();
  await turn();
  await first().down();
  await turn();
  await expect(stage.db.query("UPDATE replica_outages SET down_since = now() - interval '1 day'")).rejects.toThrow(
    /as it was seen/,
  );
  await expect(stage.db.query("DELETE FROM replica_outages")).rejects.toThrow(/permission denied/);
  await first().up();
  await turn();
  await expect(stage.db.query("UPDATE replica_outages SET up_since = now() + interval '1 h'")).rejects.toThrow(
    /as it was seen/,
  );
});

test("no replica was ready where the outages of all lie over one another", () => {
  const outage = (replica: string, downSince: number, upSince: number | null) => ({
    replica,
    readyUntil: null,
    downSince,
    downUntil: downSince,
    upSince,
    reason: "x",
  });
  expect(allDown([outage("a", 10, 50), outage("b", 30, 70)], ["a", "b"])).toEqual([{ from: 30, to: 50 }]);
  expect(allDown([outage("a", 10, 30), outage("b", 30, 70)], ["a", "b"])).toEqual([]);
  expect(allDown([outage("a", 10, null), outage("b", 20, null)], ["a", "b"])).toEqual([{ from: 20, to: null }]);
  expect(allDown([outage("a", 10, 20), outage("a", 30, 40), outage("b", 5, 45)], ["a", "b"])).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 40 },
  ]);
  expect(allDown([outage("a", 10, 20)], ["a", "b"])).toEqual([]);
  expect(allDown([], [])).toEqual([]);
});
