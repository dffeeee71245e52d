import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approvedRequest } from "@/sandbox/agreed";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { insertZoneKeys } from "@/server/caracal/keys/insert-zone-keys";
import { seal } from "@/server/caracal/keys/seal";
import { reEncryptAction } from "@/server/keys/re-encrypt/re-encrypt.action";
import { rotateAction } from "@/server/keys/rotation/rotate.action";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { exposureNow } from "@/server/playbooks/guided/exposure-facts";
import { noteForOpenRuns, noteSpools } from "@/server/playbooks/guided/note-spools";
import type { Looking, SettledRow } from "@/server/playbooks/guided/playbook";
import { cleanAfterReplicas, reEncrypted } from "@/server/playbooks/guided/probe-re-encryption";
import { replicasOnKey } from "@/server/playbooks/guided/probe-replicas";
import { sessionsRevoked } from "@/server/playbooks/guided/probe-revocation";
import { rotated } from "@/server/playbooks/guided/probe-rotation";
import { oldKekGone, reEncryptionApproved, zoneFrozen } from "@/server/playbooks/guided/probes";
import { loadGuidedRun, settledSteps } from "@/server/playbooks/guided/run-rows";
import type { GuidedPlaybook } from "@/server/playbooks/guided/schemas";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

/** What each probe must not take for done. Every wrong way here once settled a step. */
let stage: KeyStage;
let zones: string[];
const ctx = () => ({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor: stage.actor });

async function giveKey(zoneId: string): Promise<void> {
  const sealed = seal(stage.files.current, Buffer.from("an older key"));
  await insertZoneKeys(stage.caracal.db, [{ kid: randomUUID(), zoneId, nth: 1, sealed }], [], null);
}
const start = async (playbook: GuidedPlaybook, zoneId?: string) =>
  (await startGuided({ ctx: ctx(), input: { playbook, zoneId, reason: "The key is known", drill: false } })).runId;

/** A run as its probes are given it; steps in `done` were settled now. */
async function looking(runId: string, done: readonly string[] = []): Promise<Looking> {
  const run = await loadGuidedRun(stage.db, stage.actor, runId);
  const [now] = await stage.db.query<{ at: Date }>("SELECT clock_timestamp() AS at");
  const row = (step: string): [string, SettledRow] => [
    step,
    {
      step,
      outcome: "done",
      by_name: "Sol",
      settled_at: now?.at ?? new Date(),
      reason: null,
      hash: null,
      seen: null,
      kept: null,
    },
  ];
  return { ...ctx(), run, settled: new Map(done.map(row)), thorough: true };
}
const action = () => rotateAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks });
/** Written as jobs write; that each STS was told and serves it is proved with real ones in keys-stand-in, here it is set. */
async function rotate(mode: "routine" | "compromise", zoneIds: string[] | null = zones, prove = true): Promise<void> {
  const jobId = await stage.start(action(), { zoneIds, mode });
  await stage.work(jobId, 1);
  if (!prove) return;
  await stage.db.query(
    "UPDATE key_job_zones SET state = 'proved', proved_at = clock_timestamp() WHERE job_id = $1 AND state = 'written'",
    [jobId],
  );
  await stage.work(jobId);
  expect((await stage.job(jobId)).state).toBe("finished");
}
const incidentOf = async (runId: string) => (await loadGuidedRun(stage.db, stage.actor, runId)).incident_id;
const inIncident = (runId: string) =>
  stage.owner.query(
    "UPDATE key_jobs SET incident_id = (SELECT incident_id FROM guided_runs WHERE id = $1) WHERE kind <> 'inventory' AND incident_id IS NULL",
    [runId],
  );

/** A request of the run's incident that a second person approved, made so many minutes from now. */
const approved = async (action: string, runId: string, parameters: unknown = {}, minutes = 1): Promise<string> =>
  approvedRequest(stage.owner, {
    action,
    requester: stage.actor,
    incidentId: await incidentOf(runId),
    parameters,
    minutes,
  });

beforeEach(async () => {
  stage = await openKeyStage();
  zones = [await stage.newZone("Payments"), await stage.newZone("Search")];
  for (const id of zones) await giveKey(id);
});
afterEach(() => stage.close());

describe("keys count as replaced", () => {
  test("not by a routine rotation: the stolen key would stay among the two that are served", async () => {
    const runId = await start("zone-key-compromise", zones[0]);
    await rotate("routine");
    await inIncident(runId);
    expect(await rotated(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringMatching(/^0 of 1 zones proved\. Zone Payments: .* which is served, is not of a rotation/),
    });
    expect((await exposureNow(await looking(runId))).map(({ id }) => id)).toContain("forge-per-call");
    await rotate("routine"); // the second one pushes it out: it is what is served that counts
    expect(await rotated(await looking(runId))).toMatchObject({ done: true });
    expect((await exposureNow(await looking(runId))).map(({ id }) => id)).not.toContain("forge-per-call");
  });

  test("not by another zone's rotation, nor by one from before the run, nor before it is proved", async () => {
    await rotate("compromise");
    const runId = await start("zone-key-compromise", zones[0]);
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("compromise", [zones[1] ?? ""]);
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("compromise", [zones[0] ?? ""], false);
    expect(await rotated(await looking(runId))).toMatchObject({ done: false });
    await stage.db.query("UPDATE key_job_zones SET state = 'proved', proved_at = now() WHERE state = 'written'");
    expect((await rotated(await looking(runId))).done).toBe(true);
    await giveKey(zones[0] ?? ""); // somebody else's
    expect((await rotated(await looking(runId))).done).toBe(false);
  });

  test("under a stolen KEK only after the replicas were recreated, and in every zone that has a key", async () => {
    const runId = await start("kek-compromise");
    await rotate("compromise");
    expect((await rotated(await looking(runId))).done).toBe(false);
    const after = await looking(runId, ["recreate"]);
    expect((await rotated(after)).done).toBe(false);
    await rotate("compromise", [zones[0] ?? ""]);
    expect(await rotated(after)).toMatchObject({ done: false, sentence: expect.stringContaining("1 of 2 zones") });
    await rotate("compromise", [zones[1] ?? ""]);
    expect(await rotated(after)).toMatchObject({ done: true, sentence: expect.stringContaining("all 2 zones") });
    await stage.newZone("Without a key");
    expect((await rotated(after)).done).toBe(true);
  });

  test("in a routine the newest alone must be new", async () => {
    const runId = await start("rotate-keys");
    expect((await rotated(await looking(runId))).done).toBe(false);
    await rotate("routine");
    expect((await rotated(await looking(runId))).done).toBe(true);
  });
});

test("a freeze of one zone is not a freeze of all", async () => {
  const [all, one] = [await start("kek-compromise"), await start("zone-key-compromise", zones[0])];
  const freeze = async (zoneId: string, state: string) => {
    const approval = await approved("freeze-zone", all);
    await stage.owner.query(
      `INSERT INTO zone_freezes (id, zone_id, zone_name, approval_id, state, planned, frozen_by_id, frozen_by_name, reason)
       VALUES ($1, $2, $2, $3, $4, '[]', 'x', 'x', 'because')`,
      [randomUUID(), zoneId, approval, state],
    );
  };
  expect((await zoneFrozen(await looking(one))).done).toBe(false);
  await freeze(zones[0] ?? "", "frozen");
  expect((await zoneFrozen(await looking(one))).done).toBe(true);
  expect(await zoneFrozen(await looking(all))).toMatchObject({ done: false, sentence: "Not frozen: Search." });
  await freeze(zones[1] ?? "", "freezing");
  expect(await zoneFrozen(await looking(all))).toMatchObject({
    done: false,
    sentence: expect.stringContaining("Not yet proved at every STS"),
  });
  await stage.owner.query("UPDATE zone_freezes SET state = 'frozen', frozen_at = now()");
  expect((await zoneFrozen(await looking(all))).done).toBe(true);
});

describe("re-encryption counts", () => {
  const reEncrypt = async (direction: "forward" | "back") => {
    await stage.inventory();
    const act = reEncryptAction({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks });
    const frozen = await stage.start({ ...act, recheck: async () => null }, { direction }); // no STS has an address here
    await stage.work(frozen);
    return frozen;
  };

  test("when it is of this run, forward, and no way back was taken since", async () => {
    await reEncrypt("forward");
    const runId = await start("kek-compromise");
    await inIncident(runId);
    expect((await reEncrypted(await looking(runId))).done).toBe(false); // begun before the run
    await reEncrypt("back");
    await inIncident(runId);
    expect(await reEncrypted(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("way back"),
    });
    await reEncrypt("forward");
    await inIncident(runId);
    expect((await reEncrypted(await looking(runId))).done).toBe(true);
    expect(await cleanAfterReplicas(await looking(runId, ["recreate"]))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("before the replicas were recreated"),
    });
  });

  test("as approved only when it was asked for in this run, forward", async () => {
    const runId = await start("kek-compromise");
    const ask = (direction: string, minutes: number) => approved("re-encrypt-kek", runId, { direction }, minutes);
    await ask("forward", -5);
    await ask("back", 1);
    expect((await reEncryptionApproved(await looking(runId))).done).toBe(false);
    await ask("forward", 1);
    expect((await reEncryptionApproved(await looking(runId))).done).toBe(true);
  });

  test("the old key is gone when the console itself has it no more", async () => {
    const runId = await start("kek-compromise");
    await reEncrypt("forward");
    await inIncident(runId);
    expect(await oldKekGone(await looking(runId))).toMatchObject({
      done: false,
      sentence: expect.stringContaining("still holds the old key"),
    });
    stage.files.put("current", stage.files.next.toString("hex"));
    stage.files.take("next");
    expect((await oldKekGone(await looking(runId))).done).toBe(true);
  });
});

test("sessions count as revoked when none from before is live and each revocation of the run is proved", async () => {
  const runId = await start("zone-key-compromise", zones[0]);
  expect((await sessionsRevoked(await looking(runId))).done).toBe(false);
  const at = await looking(runId, ["rotate"]);
  await stage.caracalOwner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, authenticated_at, expires_at, created_at)
     VALUES ('s1', $1, 'user', 'u', 'active', now(), now() + interval '1 hour', now() - interval '1 hour')`,
    [zones[0]],
  );
  expect((await sessionsRevoked(at)).done).toBe(false);
  await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked'");
  expect((await sessionsRevoked(at)).done).toBe(true);
  const run = randomUUID();
  await stage.owner.query(
    `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, scope, subject_type, from_kind, from_id, incident_id, approval_id, reason, created_by_id, created_by_name, driver_id, driver_name, blast, outlives, step_times)
     VALUES ($1, 'revoke-session', 'verify', $2, 'z', 'z', 'zone', 'scope', 'approval', ($4::uuid)::text, $3, $4::uuid, 'because', 'x', 'x', 'x', 'x', '{}', '{}', '{}')`,
    [run, zones[0], await incidentOf(runId), await approved("revoke-zone", runId)],
  );
  await stage.owner.query(
    "INSERT INTO playbook_rounds (run_id, round, kind, lane, requested_by_id, requested_by_name) VALUES ($1, 1, 'revoke', 'fast', 'x', 'x')",
    [run],
  );
  await stage.owner.query(
    `INSERT INTO playbook_targets (run_id, sid, zone_id, round, sweep, expires_at, minted_at, outcome) VALUES ($1, 's1', $2, 1, 1, now() + interval '1 hour', now(), 'revoked')`,
    [run, zones[0]],
  );
  expect(await sessionsRevoked(at)).toMatchObject({ done: false, sentence: expect.stringContaining("not proved yet") });
  await stage.owner.query("UPDATE playbook_runs SET state = 'abandoned'");
  expect(await sessionsRevoked(at)).toMatchObject({ done: false, sentence: expect.stringContaining("abandoned run") });
  await stage.owner.query("UPDATE playbook_targets SET proved_at = now()");
  expect((await sessionsRevoked(at)).done).toBe(true);
});

test("a replica that does not answer, or none with an address, is never a yes", async () => {
  const runId = await start("rotate-keys");
  expect((await replicasOnKey(await looking(runId))).done).toBeNull();
  const silent = { ...(await looking(runId)) };
  const replicas = [{ id: "sts-1", kind: "sts" as const, url: "http://127.0.0.1:9" }];
  expect(await replicasOnKey({ ...silent, caracal: { ...stage.caracal, replicas } })).toMatchObject({
    done: null,
    sentence: "sts-1 did not answer.",
  });
});

test("a run cannot be finished while a probe that must hold does not agree", async () => {
  const runId = await start("rotate-keys");
  for (const step of ["inventory", "rotate", "serve"])
    await stage.db.query(
      "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name) VALUES ($1, $2, 'done', 'x', 'x')",
      [runId, step],
    );
  await expect(finishGuided({ ctx: ctx(), input: { runId } })).rejects.toThrow(
    /Not everything holds any more\. Rotate: 0 of 2 zones proved.*See that every replica serves the new keys: No STS address/,
  );
  expect((await loadGuidedRun(stage.db, stage.actor, runId)).state).toBe("open");
});

test("what waits in spools is noted though nobody looks, the highest count by whichever replica of the console", async () => {
  const runId = await start("kek-compromise");
  const spool = (pending: number | null) => [{ replica: "sts-1", pending, replayed: 0, dropped: 0 }];
  await Promise.all([3, 9, 1, 7].map((pending) => noteSpools(stage.db, runId, spool(pending))));
  await noteForOpenRuns(ctx()); // no address: nothing is forgotten
  expect((await loadGuidedRun(stage.db, stage.actor, runId)).baseline.spools).toEqual({ "sts-1": 9 });
});

test("each place an old key lay in is ticked by name, once, and only then may the step be settled", async () => {
  const runId = await start("kek-compromise");
  const settled =
    "preserve freeze inventory generate approve drain re-encrypt recreate sweep rotate revoke exposure window";
  for (const step of settled.split(" "))
    await stage.db.query(
      "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name) VALUES ($1, $2, 'done', 'x', 'x')",
      [runId, step],
    );
  const settle = () => settleStep({ ctx: ctx(), input: { runId, step: "destroy", skip: false } });
  const tick = (item: string) =>
    tickCheck({ ctx: ctx(), input: { runId, step: "destroy", item, note: "Seen in the console of the vault" } });
  await expect(settle()).rejects.toThrow(/Not ticked yet: Gone from the secret manager/);
  await expect(tick("nowhere")).rejects.toThrow(/no such thing to tick/);
  const both = await Promise.allSettled([tick("secret-manager"), tick("secret-manager")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  for (const item of ["environments", "files", "backups", "people"]) await tick(item);
  await expect(settle()).rejects.toThrow(/Nothing was re-encrypted in this run/); // the probe is asked all the same
  await expect(stage.db.query("UPDATE guided_checks SET note = 'another'")).rejects.toThrow();
  expect((await settledSteps(stage.db, runId)).map(({ step }) => step)).not.toContain("destroy");
});
