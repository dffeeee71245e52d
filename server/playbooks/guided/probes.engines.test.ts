import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { guidedRuns } from "@/sandbox/key-stage/guided-runs";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { noteForOpenRuns, noteSpools } from "@/server/playbooks/guided/note-spools";
import { replicasOnKey } from "@/server/playbooks/guided/probe-replicas";
import { sessionsRevoked } from "@/server/playbooks/guided/probe-revocation";
import { zoneFrozen } from "@/server/playbooks/guided/probes";
import { loadGuidedRun, settledSteps } from "@/server/playbooks/guided/run-rows";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

/** What each probe must not take for done. Every wrong way here once settled a step. */
let stage: KeyStage;
let zones: string[];
const { ctx, giveKey, start, looking, incidentOf, approved } = guidedRuns(
  () => stage,
  () => zones,
);

beforeEach(async () => {
  stage = await openKeyStage();
  zones = [await stage.newZone("Payments"), await stage.newZone("Search")];
  for (const id of zones) await giveKey(id);
});
afterEach(() => stage.close());

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
