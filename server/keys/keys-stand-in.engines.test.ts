import { readFileSync, writeFileSync } from "node:fs";
import { decodeProtectedHeader } from "jose";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { startAgreed } from "@/sandbox/key-stage/stage";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually, type Witness } from "@/sandbox/stand-in-witness";
import { drills } from "@/sandbox/supervisor/drills";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import type { Actor } from "@/server/auth/roles";
import type { Repeating } from "@/server/jobs/repeat";
import { generateNextKek } from "@/server/keys/generate-next-kek";
import { getKeyJob, listKeyJobZones } from "@/server/keys/key-job-views";
import { createKeyWorker } from "@/server/keys/key-worker";
import { kekFromSettings, type KekProvider } from "@/server/keys/kek-source";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { sweepAgain } from "@/server/keys/re-encrypt/sweep-again";
import { rotateAction } from "@/server/keys/rotation/rotate.action";
import { startInventory } from "@/server/keys/start-inventory";
import type { Database } from "@/server/platform/postgres";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { recreatedOnKey } from "@/server/playbooks/guided/probe-replicas";
import { loadGuidedRun } from "@/server/playbooks/guided/run-rows";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";

/** The KEK's way from start to end on real STS processes: what counts is what they sign, serve and open. */
let attached: AttachedConsole;
let deployment: AttachedConsole["deployment"];
let witness: Witness;
let owner: pg.Pool;
let caracal: AttachedConsole["caracal"];
let db: Database;
let keks: KekProvider;
let sol: Actor;
let worker: Repeating;

beforeAll(async () => {
  attached = await attachConsole();
  ({ deployment, witness, caracal, db } = attached);
  keks = kekFromSettings(attached.settings);
  owner = new pg.Pool({ connectionString: attached.own.migrateUrl, max: 1 });
  sol = await newPerson(db, "sol", ["security"], "Sol");
  worker = createKeyWorker({ db, caracal, keks, holder: "console:test" });
  worker.start();
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await worker?.stop();
  await owner?.end();
  await attached?.close();
});

const zone = () => {
  const [first] = deployment.seeded.zones;
  if (first === undefined) throw new RangeError("no zone was seeded");
  return first;
};
const mint = (replica: string) =>
  witness.mint(replica, 0, { client_secret: seededSecret(zone().applications[0] ?? "") });
const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? "";
const call = async (token: string) =>
  (await fetch(`${deployment.service("resource-1").url}/call`, { headers: { authorization: `Bearer ${token}` } }))
    .status;
const view = (jobId: string) => getKeyJob({ ctx: { db, actor: sol }, input: { jobId } });
const finished = (jobId: string) =>
  eventually(async () => {
    const job = await view(jobId);
    expect(job.state, `${job.sentence} ${job.error ?? ""}`).toBe("finished");
  }, 40_000);
const inventory = async () => {
  const { jobId } = await startInventory({ ctx: { db, actor: sol } });
  await finished(jobId);
  return jobId;
};
const ask = (action: ApprovedAction, parameters: unknown) => startAgreed({ owner, db, actor: sol }, action, parameters);
const rotation = () => rotateAction({ db, caracal, keks });
const reEncryption = () => reEncryptAction({ db, caracal, keks });
const drill = (name: string) => drills[name]?.run(deployment);

test("after a rotation of a compromised key both replicas sign with the new one, and the old is refused", async () => {
  const old = await mint("sts-1");
  const oldKids = [kidOf(old.token), kidOf((await mint("sts-2")).token)];
  expect(await call(old.token)).toBe(200);
  const jobId = await ask(rotation(), { zoneIds: null, mode: "compromise" });
  await finished(jobId);
  const { rows } = await listKeyJobZones({ ctx: { db, actor: sol }, input: { jobId, limit: 200 } });
  const mine = rows.find((row) => row.zone.id === zone().id);
  expect(mine?.consumers.filter(({ deliveredAt }) => deliveredAt !== null)).toHaveLength(2);
  expect(mine?.jwks.map(({ agrees }) => agrees)).toEqual([true, true]);
  const newest = mine?.kids.at(-1);
  expect([kidOf((await mint("sts-1")).token), kidOf((await mint("sts-2")).token)]).toEqual([newest, newest]);
  for (const { keys } of mine?.jwks ?? []) expect(keys.map(({ kid }) => kid)).not.toContain(oldKids[0]);
  await deployment.service("resource-1").restart(); // its cached JWKS has run out
  expect(await call(old.token)).toBe(401);
  expect(await call((await mint("sts-2")).token)).toBe(200);
}, 90_000);

test("one publication alone leaves a replica on the old key: the proof is needed", async () => {
  const before = [kidOf((await mint("sts-1")).token), kidOf((await mint("sts-2")).token)];
  const { rows } = await witness.owner.query(
    "SELECT id FROM secrets WHERE zone_id = $1 AND name = 'zone_signing_key' ORDER BY version DESC LIMIT 1",
    [zone().id],
  );
  expect(before).toEqual([rows[0].id, rows[0].id]);
  await worker.stop();
  try {
    const { insertZoneKeys } = await import("@/server/caracal/keys/insert-zone-keys");
    const { openSeal, seal } = await import("@/server/caracal/keys/seal");
    const kek = Buffer.from(deployment.secrets.zoneKek, "hex");
    const { rows: sealed } = await witness.owner.query("SELECT ciphertext, nonce FROM secrets WHERE id = $1", [
      rows[0].id,
    ]);
    const pem = openSeal(kek, sealed[0]) ?? Buffer.alloc(0);
    await insertZoneKeys(
      caracal.db,
      [{ kid: "copy-of-newest", zoneId: zone().id, nth: 1, sealed: seal(kek, pem) }],
      [],
      null,
    );
    await witness.publish("caracal.keys.invalidate", { zone_id: zone().id });
    await eventually(async () => {
      const after = [kidOf((await mint("sts-1")).token), kidOf((await mint("sts-2")).token)];
      expect(after.sort()).toEqual([rows[0].id, "copy-of-newest"].sort());
    });
  } finally {
    worker.start();
  }
});

test("before a replica is recreated the step says what waits in its spool", async () => {
  const { runId } = await startGuided({
    ctx: { db, caracal, keks, actor: sol },
    input: { playbook: "kek-compromise", reason: "The KEK is known", drill: true },
  });
  const probe = async () =>
    recreatedOnKey({
      db,
      caracal: { ...caracal, replicas: [...caracal.replicas, { id: "sts-9", kind: "sts", url: "http://127.0.0.1:9" }] },
      keks,
      run: await loadGuidedRun(db, sol, runId),
      settled: new Map(),
      thorough: false,
    });
  expect(await probe()).toMatchObject({
    done: null,
    sentence: expect.stringMatching(/In spools right now: sts-1 0, sts-2 0, sts-9 did not say/),
  });
  await deployment.redis.stop();
  await mint("sts-1");
  await deployment.redis.start();
  await eventually(async () => {
    expect((await probe()).sentence).toMatch(/^Events wait in spools \(sts-1 \d+\): restart those plainly before/);
  });
  await drill("drain-spools");
}, 60_000);

test("Caracal's Postgres goes away and comes back while a rotation is at work: it says so, goes on by itself, and writes each zone once", async () => {
  await worker.stop();
  const jobId = await ask(rotation(), { zoneIds: null, mode: "routine" });
  const versions = async () =>
    (
      await witness.owner.query<{ zone_id: string; n: number }>(
        "SELECT zone_id, count(*)::int AS n FROM secrets WHERE name = 'zone_signing_key' GROUP BY 1 ORDER BY 1",
      )
    ).rows;
  const before = new Map((await versions()).map(({ zone_id, n }) => [zone_id, n]));
  await deployment.postgres.stop();
  worker.start();
  await eventually(async () => expect((await view(jobId)).error).not.toBeNull());
  expect((await view(jobId)).state).toBe("running");
  await drill("postgres-up");
  await finished(jobId);
  const { rows } = await listKeyJobZones({ ctx: { db, actor: sol }, input: { jobId, limit: 200 } });
  for (const { zone_id, n } of await versions())
    expect(n, zone_id).toBe((before.get(zone_id) ?? 0) + (rows.some((row) => row.zone.id === zone_id) ? 1 : 0));
}, 90_000);

test("a guided routine rotation is finished when every replica serves the new keys, and not while one is away", async () => {
  const ctx = { db, caracal, keks, actor: sol };
  const { runId } = await startGuided({
    ctx,
    input: { playbook: "rotate-keys", reason: "The quarter's rotation", drill: false },
  });
  const settle = (step: string) => settleStep({ ctx, input: { runId, step, skip: false } });
  await inventory();
  await settle("inventory");
  await expect(settle("rotate")).rejects.toThrow(/is not of a rotation since this run began/);
  await finished(await ask(rotation(), { zoneIds: null, mode: "routine" }));
  await settle("rotate");
  await deployment.service("sts-2").stop();
  await expect(settle("serve")).rejects.toThrow(/Not done yet: sts-2 did not answer/);
  await deployment.service("sts-2").start();
  await eventually(() => settle("serve"), 20_000);
  await deployment.service("sts-2").stop();
  await expect(finishGuided({ ctx, input: { runId } })).rejects.toThrow(/Not everything holds any more/);
  await deployment.service("sts-2").start();
  await eventually(() => finishGuided({ ctx, input: { runId } }), 20_000);
  const [entry] = await db.query<{ summary: string }>(
    "SELECT summary FROM timeline_entries WHERE kind = 'playbook.finished' ORDER BY at DESC LIMIT 1",
  );
  expect(entry?.summary).toContain("Asked again just now, and true: Rotate; See that every replica serves");
}, 90_000);

test("from a new KEK to the last replica: wrong orders are stopped, nothing is lost, provider tokens go on opening", async () => {
  const made = await generateNextKek({ ctx: { db, keks, actor: sol } });
  expect(made.kind).toBe("written");
  await expect(generateNextKek({ ctx: { db, keks, actor: sol } })).rejects.toThrow(/is a next key already/);
  await expect(ask(reEncryption(), { direction: "forward" })).rejects.toThrow(/Take an inventory first/);
  await inventory();

  // Audit events wait in a spool: recreating would destroy them.
  await deployment.redis.stop();
  await mint("sts-1");
  await deployment.redis.start();
  await eventually(async () => {
    await expect(ask(reEncryption(), { direction: "forward" })).rejects.toThrow(
      /sts-1 holds \d+.*Restart those replicas plainly/,
    );
  });
  await drill("drain-spools");
  const jobId = await ask(reEncryption(), { direction: "forward" });
  await finished(jobId);

  // Data is under the new key, the replicas are not: a rotation now would stop them.
  await expect(ask(rotation(), { zoneIds: null, mode: "compromise" })).rejects.toThrow(
    /does not open the newest key.*recreate it on that KEK first/,
  );

  await drill("sts-1-on-next-kek");
  await expect(ask(rotation(), { zoneIds: null, mode: "compromise" })).rejects.toThrow(/^sts-2 does not open/);
  await drill("recreate-on-next-kek");
  await sweepAgain({ ctx: { db, actor: sol }, input: { jobId } });
  await finished(jobId);
  expect((await view(jobId)).passes.at(-1)?.moved).toBe(0);

  const rotated = await ask(rotation(), { zoneIds: null, mode: "compromise" });
  await finished(rotated);
  const { rows } = await witness.owner.query(
    "SELECT id FROM secrets WHERE zone_id = $1 AND name = 'zone_signing_key' ORDER BY version DESC LIMIT 1",
    [zone().id],
  );
  await eventually(async () => {
    expect([kidOf((await mint("sts-1")).token), kidOf((await mint("sts-2")).token)]).toEqual([rows[0].id, rows[0].id]);
  });
  const refreshed = await fetch(`${deployment.service("sts-2").url}/__sandbox/refresh`, { method: "POST" });
  expect(((await refreshed.json()) as { refreshed: number }).refreshed).toBeGreaterThan(0); // provider tokens open under the new key

  // What the operator does last: the next key becomes the one in use.
  writeFileSync(deployment.kekFiles.current, readFileSync(deployment.kekFiles.next), { mode: 0o600 });
  const last = await view(await inventory());
  expect(Object.values(last.counts ?? {}).every(({ next, neither }) => next === 0 && neither === 0)).toBe(true);
}, 180_000);
