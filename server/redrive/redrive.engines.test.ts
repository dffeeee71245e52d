import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { addLetters, letterOf, transient } from "@/sandbox/redrive-stage/audit-letters";
import { audit, openRuns, over, type Runs, zone } from "@/sandbox/redrive-stage/runs";
import { dlq } from "@/sandbox/redrive-stage/stage";
import { declareIn } from "@/server/incidents/declare-incident";
import { streamSignature } from "@/server/caracal/stream-signature";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { startClassification } from "@/server/redrive/start-classification";

let runs: Runs;
beforeAll(async () => {
  runs = await openRuns();
});
afterAll(() => runs?.close());
beforeEach(() => runs.begin());
afterEach(() => runs.end());

test("what is missing comes to be recorded and its letters go; what is recorded is retired; the rest stays", async () => {
  const [stored, changed, forged] = [runs.events(1), runs.events(1), runs.events(1)];
  await addLetters(
    runs.stage.redis,
    [...stored, ...changed].map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await expect.poll(() => runs.rows([...stored, ...changed].map(({ id }) => id)), { timeout: 20_000 }).toBe(2);
  await runs.stage.caracalOwner.query("UPDATE audit_events SET decision = 'deny' WHERE id = $1", [changed[0]?.id]);
  const missing = runs.events(20);
  await addLetters(runs.stage.redis, [
    ...missing.map((event) => letterOf(event, transient)),
    ...stored.map((event) => letterOf(event, transient)),
    ...changed.map((event) => letterOf(event, transient)),
    ...forged.map((event) => letterOf({ ...event, sig: "0".repeat(64) }, "hmac_verify_failed")),
  ]);
  const list = await runs.stage.list();
  const { digest } = await runs.start(list);
  const run = await runs.work(list.id, over);
  expect(run).toMatchObject({
    state: "finished",
    chosen: 21,
    digest,
    added: 20,
    added_again: 0,
    retired: 21,
    failed: 0,
  });
  expect(await runs.rows(missing.map(({ id }) => id))).toBe(20);
  const left = await runs.stage.redis.xrange(dlq, "-", "+");
  expect(left.map(([, flat]) => flat[flat.indexOf("src_id") + 1])).toEqual([changed[0]?.id, forged[0]?.id]);
  const done = await runs.entries(list.id);
  expect(done.find((one) => one.eventId === changed[0]?.id)).toMatchObject({
    class: "conflict",
    action: null,
    state: "listed",
  });
  const [first] = done;
  const sent = await runs.stage.redis.xrange(audit, first?.newId ?? "", first?.newId ?? "");
  expect(sent[0]?.[1]).toEqual(["id", missing[0]?.id, "data", missing[0]?.data, "sig", missing[0]?.sig]);
});

test("letters that come while it runs are not touched, and are listed the next time", async () => {
  await runs.letters(5);
  const list = await runs.stage.list();
  const late = await runs.letters(3);
  await runs.start(list);
  await runs.work(list.id, over);
  expect((await runs.stage.redis.xrange(dlq, "-", "+")).map(([id]) => id)).toEqual(late);
  expect((await runs.stage.list()).entries).toBe(3);
});

test("one list or run of a stream at a time; a list that nobody started makes way", async () => {
  await runs.letters(2);
  const list = await runs.stage.list();
  const next = await runs.stage.list();
  expect((await runs.stage.run(list.id)).state).toBe("cancelled");
  await expect(runs.start(list)).rejects.toThrow("started or dropped already");
  await runs.start(next);
  const { runId } = await startClassification({
    ctx: { ...runs.by(), caracal: runs.stage.caracal },
    input: { stream: dlq },
  });
  expect(runId).toBe(next.id);
  await expect(runs.start(next)).rejects.toThrow("started or dropped already");
  await runs.work(next.id, over);
});

test("one that is under way for an incident that a person may not see is not handed to them", async () => {
  await runs.letters(1);
  const { runId } = await startClassification({
    ctx: { ...runs.by(), caracal: runs.stage.caracal },
    input: { stream: dlq },
  });
  const { incidentId } = await runs.stage.db.transaction((tx) =>
    declareIn(tx, runs.stage.actor, { title: "Insider", severity: "P1", origin: "by-hand" }),
  );
  await runs.stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incidentId]);
  await runs.stage.owner.query("UPDATE redrive_runs SET incident_id = $2 WHERE id = $1", [runId, incidentId]);
  const ovid = await newPerson(runs.stage.db, "ovid", ["responder"]);
  await expect(
    startClassification({
      ctx: { db: runs.stage.db, caracal: runs.stage.caracal, actor: ovid },
      input: { stream: dlq },
    }),
  ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("not open to you") });
});

test("a row that came to have another content since the list is not overwritten, and stops nothing else", async () => {
  const [first, ...rest] = runs.events(4);
  if (first === undefined) throw new Error("no events");
  await addLetters(
    runs.stage.redis,
    [first, ...rest].map((event) => letterOf(event, transient)),
  );
  const list = await runs.stage.list();
  await addLetters(
    runs.stage.redis,
    [first].map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await expect.poll(() => runs.rows([first.id]), { timeout: 20_000 }).toBe(1);
  await runs.stage.caracalOwner.query("UPDATE audit_events SET content_sha256 = repeat('a', 64) WHERE id = $1", [
    first.id,
  ]);
  await runs.start(list);
  expect(await runs.work(list.id, over)).toMatchObject({ retired: 3, failed: 1, added: 3 });
  expect((await runs.entries(list.id))[0]).toMatchObject({
    state: "failed",
    newId: null,
    outcome: expect.stringContaining("conflict"),
  });
});

test("a dead revocation goes back, and is done when its session is revoked", async () => {
  const [target, dead] = ["caracal.sessions.revoke", "caracal.sessions.revoke.dead"];
  const sid = randomUUID();
  await runs.stage.caracalOwner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Z', $1, '\\x00') ON CONFLICT DO NOTHING",
    [zone],
  );
  await runs.stage.caracalOwner.query(
    "INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES ($1, $2, 'user', 's', 'active', now() + interval '1 hour')",
    [sid, zone],
  );
  for (const group of ["sts-revocation", "gateway-revocation"])
    await runs.stage.redis.xgroup("CREATE", target, group, "0", "MKSTREAM");
  const fields = { zone_id: zone, session_id: sid, reason: "stolen" };
  const signed = { ...fields, _sig: streamSignature(runs.stage.keys.streams ?? Buffer.alloc(32), target, fields) };
  await runs.stage.redis.xadd(
    dead,
    "*",
    "original_id",
    "1-0",
    "error",
    "boom",
    "values",
    JSON.stringify(signed),
    "_sig",
    "x",
  );
  for (const group of ["sts-revocation", "gateway-revocation"]) {
    const seed = (await runs.stage.redis.xadd(target, "*", "x", "y")) ?? "";
    await runs.stage.redis.xgroup("SETID", target, group, seed);
    await runs.stage.redis.xgroup("CREATECONSUMER", target, group, "one");
  }
  const list = await runs.stage.list(dead);
  await runs.start(list);
  await runs.work(list.id, ({ added, adding_from: adding }) => added === 1 && adding === null);
  const [sent] = await runs.entries(list.id);
  expect(sent).toMatchObject({ state: "added", class: "missing" });
  for (const group of ["sts-revocation", "gateway-revocation"]) {
    expect((await runs.stage.run(list.id)).retired).toBe(0);
    const got = (await runs.stage.redis.xreadgroup("GROUP", group, "one", "STREAMS", target, ">")) as [
      string,
      [string, string[]][],
    ][];
    expect(got[0]?.[1].at(-1)?.[1]).toEqual(Object.entries(signed).flat());
    if (group === "gateway-revocation")
      await runs.stage.caracalOwner.query("UPDATE sessions SET status = 'revoked' WHERE id = $1", [sid]);
    for (const [id] of got[0]?.[1] ?? []) await runs.stage.redis.xack(target, group, id);
    for (let turn = 0; turn < 5; turn += 1) await advanceOneRedrive(runs.stage.ctx, createAllowance());
  }
  expect(await runs.work(list.id, over)).toMatchObject({ state: "finished", retired: 1 });
  expect((await runs.entries(list.id))[0]?.outcome).toContain("its session is revoked");
});
