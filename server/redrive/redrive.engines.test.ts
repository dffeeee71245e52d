import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addLetters, letterOf, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { startAuditProcess } from "@/sandbox/redrive-stage/audit-process";
import { dlq, openRedriveStage, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import { cancelRedrive, pauseRedrive, resumeRedrive, setRate } from "@/server/redrive/control-redrive";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { createAllowance } from "@/server/redrive/rate-allowance";
import type { RunRow } from "@/server/redrive/run-rows";
import { entryHistory, listEntriesOfRun } from "@/server/redrive/run-views";
import { startRedrive } from "@/server/redrive/start-redrive";
import { startClassification } from "@/server/redrive/start-classification";

const zone = "zone-redrive";
const audit = "caracal.audit.events";
let stage: RedriveStage;
let service: Awaited<ReturnType<typeof startAuditProcess>>;
beforeAll(async () => {
  stage = await openRedriveStage();
  service = await startAuditProcess(stage);
});
afterAll(async () => {
  await service?.stop();
  await stage?.close();
});
beforeEach(() => stage.redis.del(dlq));
afterEach(async () => {
  service.resume();
  await stage.owner.query(
    "UPDATE redrive_runs SET state = 'cancelled', finished_at = now() WHERE state NOT IN ('finished', 'cancelled')",
  );
});

const events = (count: number) =>
  Array.from({ length: count }, () => madeEvent(stage.keys.audit ?? Buffer.alloc(32), zone));
const letters = (count: number, reason = transient) =>
  addLetters(
    stage.redis,
    events(count).map((event) => letterOf(event, reason)),
  );
const settings = {
  classes: ["missing", "recorded"] as ("missing" | "recorded")[],
  rate: null,
  canary: 0,
  mostLag: 5_000,
  mostFailures: 5,
  reason: "Postgres was away",
};
const by = () => ({ db: stage.db, actor: stage.actor });
const start = (
  list: RunRow,
  over: Partial<Omit<typeof settings, "rate">> & { causes?: string[]; rate?: number | null } = {},
) => startRedrive({ ctx: by(), input: { ...settings, ...over, runId: list.id } });
const entries = async (runId: string) => (await listEntriesOfRun({ ctx: by(), input: { runId, limit: 200 } })).rows;
const rows = async (ids: readonly string[]) =>
  (await stage.caracalOwner.query("SELECT id FROM audit_events WHERE id = ANY ($1)", [ids])).rows.length;
async function work(runId: string, until: (run: RunRow) => boolean, turns = 2_000): Promise<RunRow> {
  const allowance = createAllowance();
  for (let turn = 0; turn < turns; turn += 1) {
    const run = await stage.run(runId);
    if (until(run)) return run;
    if (!(await advanceOneRedrive(stage.ctx, allowance))) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`still ${JSON.stringify(await stage.run(runId))}`);
}
const over = (run: RunRow) => run.state === "finished" || run.state === "cancelled";

test("what is missing comes to be recorded and its letters go; what is recorded is retired; the rest stays", async () => {
  const [stored, changed, forged] = [events(1), events(1), events(1)];
  await addLetters(
    stage.redis,
    [...stored, ...changed].map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await expect.poll(() => rows([...stored, ...changed].map(({ id }) => id)), { timeout: 20_000 }).toBe(2);
  await stage.caracalOwner.query("UPDATE audit_events SET decision = 'deny' WHERE id = $1", [changed[0]?.id]);
  const missing = events(20);
  await addLetters(stage.redis, [
    ...missing.map((event) => letterOf(event, transient)),
    ...stored.map((event) => letterOf(event, transient)),
    ...changed.map((event) => letterOf(event, transient)),
    ...forged.map((event) => letterOf({ ...event, sig: "0".repeat(64) }, "hmac_verify_failed")),
  ]);
  const list = await stage.list();
  const { digest } = await start(list);
  const run = await work(list.id, over);
  expect(run).toMatchObject({
    state: "finished",
    chosen: 21,
    digest,
    added: 20,
    added_again: 0,
    retired: 21,
    failed: 0,
  });
  expect(await rows(missing.map(({ id }) => id))).toBe(20);
  const left = await stage.redis.xrange(dlq, "-", "+");
  expect(left.map(([, flat]) => flat[flat.indexOf("src_id") + 1])).toEqual([changed[0]?.id, forged[0]?.id]);
  const done = await entries(list.id);
  expect(done.find((one) => one.eventId === changed[0]?.id)).toMatchObject({
    class: "conflict",
    action: null,
    state: "listed",
  });
  const [first] = done;
  const sent = await stage.redis.xrange(audit, first?.newId ?? "", first?.newId ?? "");
  expect(sent[0]?.[1]).toEqual(["id", missing[0]?.id, "data", missing[0]?.data, "sig", missing[0]?.sig]);
});

test("letters that come while it runs are not touched, and are listed the next time", async () => {
  await letters(5);
  const list = await stage.list();
  const late = await letters(3);
  await start(list);
  await work(list.id, over);
  expect((await stage.redis.xrange(dlq, "-", "+")).map(([id]) => id)).toEqual(late);
  expect((await stage.list()).entries).toBe(3);
});

test("one list or run of a stream at a time; a list that nobody started makes way", async () => {
  await letters(2);
  const list = await stage.list();
  const next = await stage.list();
  expect((await stage.run(list.id)).state).toBe("cancelled");
  await expect(start(list)).rejects.toThrow("started or dropped already");
  await start(next);
  const { runId } = await startClassification({ ctx: { ...by(), caracal: stage.caracal }, input: { stream: dlq } });
  expect(runId).toBe(next.id);
  await expect(start(next)).rejects.toThrow("started or dropped already");
  await work(next.id, over);
});

test("the canary goes first and alone; the rest follows when all of it has arrived", async () => {
  await letters(30);
  const list = await stage.list();
  service.pause();
  await start(list, { canary: 4 });
  const waiting = await work(list.id, (run) => run.added === 4 && run.adding_from === null);
  for (let turn = 0; turn < 10; turn += 1) await advanceOneRedrive(stage.ctx, createAllowance());
  expect(await stage.run(list.id)).toMatchObject({ added: 4, retired: 0, canary_passed: false });
  expect(waiting.state).toBe("running");
  service.resume();
  expect(await work(list.id, over)).toMatchObject({ canary_passed: true, retired: 30 });
});

describe("what comes back", () => {
  test("fails, stops the run after the canary, is not added again; after three runs it is quarantined", async () => {
    const other = randomBytes(32);
    await service.stop();
    service = await startAuditProcess(stage, other); // the key drifted on Caracal's side: everything comes back
    try {
      await letters(6);
      for (const round of [1, 2, 3]) {
        const list = await stage.list();
        const known = await entries(list.id);
        expect(known.every((one) => one.class === "missing")).toBe(true);
        await start(list, { canary: 1 });
        const run = await work(list.id, ({ state }) => state === "paused");
        expect(run).toMatchObject({ failed: 1, added: 1, retired: 0, paused_by: null });
        expect(run.pause_reason).toContain("canary");
        const [first] = await entries(list.id);
        expect(first).toMatchObject({ state: "failed", outcome: expect.stringContaining("It came back as") });
        await cancelRedrive({ ctx: by(), input: { runId: list.id } });
        await work(list.id, over);
        expect(await stage.redis.xlen(dlq)).toBe(6 + round);
      }
      const list = await stage.list();
      const now = await entries(list.id);
      expect(now.filter((one) => one.class === "quarantined")).toHaveLength(4); // the original and its three returns
      const [first] = now;
      const history = await entryHistory({ ctx: by(), input: { stream: dlq, entryId: first?.entryId ?? "" } });
      expect(new Set(history.filter((one) => one.newId !== null).map((one) => one.runId)).size).toBe(3);
      await start(list);
      await work(list.id, ({ state }) => state === "paused"); // the five others come back, which is the limit
      expect(
        (await entries(list.id)).filter((one) => one.class === "quarantined").every((one) => one.state === "listed"),
      ).toBe(true);
    } finally {
      await service.stop();
      service = await startAuditProcess(stage);
    }
  });
});

test("it stops by itself when ingestion falls behind, and goes on when somebody resumes it", async () => {
  await letters(40);
  const list = await stage.list();
  service.pause();
  await addLetters(
    stage.redis,
    events(30).map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await start(list, { mostLag: 20 });
  const run = await work(list.id, ({ state }) => state === "paused");
  expect(run).toMatchObject({ added: 0, paused_by: null });
  expect(run.pause_reason).toMatch(/audit-ingestor is \d+ behind, over the limit of 20/);
  service.resume();
  await expect
    .poll(
      async () => {
        await resumeRedrive({ ctx: by(), input: { runId: list.id } }).catch(() => undefined);
        for (let turn = 0; turn < 50; turn += 1) await advanceOneRedrive(stage.ctx, createAllowance());
        return (await stage.run(list.id)).state;
      },
      { timeout: 30_000 },
    )
    .toBe("finished");
  expect(await stage.run(list.id)).toMatchObject({ retired: 40, failed: 0 });
});

test("paused and cancelled by hand, it settles what is on its way and goes on where it stopped", async () => {
  await letters(60);
  const list = await stage.list();
  await start(list, { rate: 5 });
  await work(list.id, ({ added }) => added > 0);
  await pauseRedrive({ ctx: by(), input: { runId: list.id } });
  const paused = await work(list.id, (run) => run.settled_to + 1 === run.next_n);
  expect(paused.retired).toBe(paused.added);
  expect(paused.retired).toBeLessThan(60);
  await expect(pauseRedrive({ ctx: by(), input: { runId: list.id } })).rejects.toThrow("not running");
  await setRate({ ctx: by(), input: { runId: list.id, rate: 10 } });
  await resumeRedrive({ ctx: by(), input: { runId: list.id } });
  await work(list.id, ({ added }) => added > paused.added);
  await cancelRedrive({ ctx: by(), input: { runId: list.id } });
  const cancelled = await work(list.id, over);
  expect(cancelled).toMatchObject({ state: "cancelled", retired: cancelled.added });
  expect(await stage.redis.xlen(dlq)).toBe(60 - cancelled.retired);

  await resumeRedrive({ ctx: by(), input: { runId: list.id } });
  await setRate({ ctx: by(), input: { runId: list.id, rate: null } });
  expect(await work(list.id, over)).toMatchObject({ state: "finished", retired: 60, added: 60, added_again: 0 });
});

describe("interrupted between adding and its record", () => {
  /** A worker whose database is lost from the nth transaction on that comes after entries were added. */
  const lostAfterAdding = () => {
    let added = false;
    const redis = stage.redis;
    const pipeline = redis.pipeline.bind(redis);
    redis.pipeline = () => {
      const pipe = pipeline();
      const exec = pipe.exec.bind(pipe);
      pipe.exec = async () => {
        const replies = await exec();
        added ||= (replies ?? []).some(([, value]) => typeof value === "string" && /^\d+-\d+$/.test(value));
        return replies;
      };
      return pipe;
    };
    const gone = () => Promise.reject(new Error("the connection was lost"));
    const db = {
      ...stage.db,
      transaction: ((run) => (added ? gone() : stage.db.transaction(run))) as typeof stage.db.transaction,
    };
    const mend = () => {
      redis.pipeline = pipeline;
    };
    return { ctx: { ...stage.ctx, db }, mend, was: () => added };
  };

  test.each([
    ["ingestion has them by then", true],
    ["they are still in the stream only", false],
  ])("nothing is added twice and no letter is left: %s", async (_what, ingested) => {
    await letters(40);
    const list = await stage.list();
    await start(list);
    if (!ingested) service.pause();
    const before = await stage.redis.xlen(audit);
    const lost = lostAfterAdding();
    for (let turn = 0; !lost.was() && turn < 50; turn += 1) await advanceOneRedrive(lost.ctx, createAllowance());
    lost.mend();
    expect(await stage.run(list.id)).toMatchObject({ adding_from: 1, adding_to: 40, added: 0 });
    const ids = (await entries(list.id)).map(({ eventId }) => eventId ?? "");
    if (ingested) await expect.poll(() => rows(ids), { timeout: 20_000 }).toBe(40);
    await advanceOneRedrive(stage.ctx, createAllowance());
    service.resume();
    expect(await work(list.id, over)).toMatchObject({
      state: "finished",
      added: 40,
      added_again: 0,
      retired: 40,
      failed: 0,
    });
    expect(await stage.redis.xlen(audit)).toBe(before + 40);
    expect(await stage.redis.xlen(dlq)).toBe(0);
  });

  test("when the stream was emptied meanwhile, ingestion's rows tell; a message whose effect nobody sees is left to a person", async () => {
    await letters(10);
    const list = await stage.list();
    await start(list);
    const lost = lostAfterAdding();
    for (let turn = 0; !lost.was() && turn < 50; turn += 1) await advanceOneRedrive(lost.ctx, createAllowance());
    lost.mend();
    await expect
      .poll(async () => rows((await entries(list.id)).map(({ eventId }) => eventId ?? "")), { timeout: 20_000 })
      .toBe(10);
    await stage.redis.xtrim(audit, "MAXLEN", 0);
    expect(await work(list.id, over)).toMatchObject({ added: 10, added_again: 0, retired: 10 });
    expect((await entries(list.id)).every((one) => one.outcome?.includes("after an interruption"))).toBe(true);
  });
});

test("a row that came to have another content since the list is not overwritten, and stops nothing else", async () => {
  const [first, ...rest] = events(4);
  if (first === undefined) throw new Error("no events");
  await addLetters(
    stage.redis,
    [first, ...rest].map((event) => letterOf(event, transient)),
  );
  const list = await stage.list();
  await addLetters(
    stage.redis,
    [first].map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await expect.poll(() => rows([first.id]), { timeout: 20_000 }).toBe(1);
  await stage.caracalOwner.query("UPDATE audit_events SET content_sha256 = repeat('a', 64) WHERE id = $1", [first.id]);
  await start(list);
  expect(await work(list.id, over)).toMatchObject({ retired: 3, failed: 1, added: 3 });
  expect((await entries(list.id))[0]).toMatchObject({
    state: "failed",
    newId: null,
    outcome: expect.stringContaining("conflict"),
  });
});

test("a dead revocation goes back, and is done when its session is revoked", async () => {
  const [target, dead] = ["caracal.sessions.revoke", "caracal.sessions.revoke.dead"];
  const { streamSignature } = await import("@/server/caracal/stream-signature");
  const sid = randomUUID();
  await stage.caracalOwner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Z', $1, '\\x00') ON CONFLICT DO NOTHING",
    [zone],
  );
  await stage.caracalOwner.query(
    "INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES ($1, $2, 'user', 's', 'active', now() + interval '1 hour')",
    [sid, zone],
  );
  for (const group of ["sts-revocation", "gateway-revocation"])
    await stage.redis.xgroup("CREATE", target, group, "0", "MKSTREAM");
  const fields = { zone_id: zone, session_id: sid, reason: "stolen" };
  const signed = { ...fields, _sig: streamSignature(stage.keys.streams ?? Buffer.alloc(32), target, fields) };
  await stage.redis.xadd(
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
    const seed = (await stage.redis.xadd(target, "*", "x", "y")) ?? "";
    await stage.redis.xgroup("SETID", target, group, seed);
    await stage.redis.xgroup("CREATECONSUMER", target, group, "one");
  }
  const list = await stage.list(dead);
  await start(list);
  await work(list.id, ({ added, adding_from: adding }) => added === 1 && adding === null);
  const [sent] = await entries(list.id);
  expect(sent).toMatchObject({ state: "added", class: "missing" });
  for (const group of ["sts-revocation", "gateway-revocation"]) {
    expect((await stage.run(list.id)).retired).toBe(0);
    const got = (await stage.redis.xreadgroup("GROUP", group, "one", "STREAMS", target, ">")) as [
      string,
      [string, string[]][],
    ][];
    expect(got[0]?.[1].at(-1)?.[1]).toEqual(Object.entries(signed).flat());
    if (group === "gateway-revocation")
      await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked' WHERE id = $1", [sid]);
    for (const [id] of got[0]?.[1] ?? []) await stage.redis.xack(target, group, id);
    for (let turn = 0; turn < 5; turn += 1) await advanceOneRedrive(stage.ctx, createAllowance());
  }
  expect(await work(list.id, over)).toMatchObject({ state: "finished", retired: 1 });
  expect((await entries(list.id))[0]?.outcome).toContain("its session is revoked");
});
