import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addLetters, letterOf, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { audit, openRuns, over, type Runs, zone } from "@/sandbox/redrive-stage/runs";
import { dlq } from "@/sandbox/redrive-stage/stage";
import { cancelRedrive, pauseRedrive, resumeRedrive, setRate } from "@/server/redrive/control-redrive";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { entryHistory } from "@/server/redrive/run-views";

let runs: Runs;
beforeAll(async () => {
  runs = await openRuns();
});
afterAll(() => runs?.close());
beforeEach(() => runs.begin());
afterEach(() => runs.end());

test("the canary goes first and alone; the rest follows when all of it has arrived", async () => {
  await runs.letters(30);
  const list = await runs.stage.list();
  runs.pauseAudit();
  await runs.start(list, { canary: 4 });
  const waiting = await runs.work(list.id, (run) => run.added === 4 && run.adding_from === null);
  for (let turn = 0; turn < 10; turn += 1) await advanceOneRedrive(runs.stage.ctx, createAllowance());
  expect(await runs.stage.run(list.id)).toMatchObject({ added: 4, retired: 0, canary_passed: false });
  expect(waiting.state).toBe("running");
  runs.resumeAudit();
  expect(await runs.work(list.id, over)).toMatchObject({ canary_passed: true, retired: 30 });
});

test("a canary that failed proves nothing by being resumed: another goes first, and what came back stays behind", async () => {
  const other = randomBytes(32);
  await runs.restartAudit(other);
  try {
    await runs.letters(12);
    const list = await runs.stage.list();
    await runs.start(list, { canary: 2 });
    await runs.work(list.id, (run) => run.state === "paused" && run.failed === 2);
    await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } });
    const again = await runs.work(list.id, (run) => run.state === "paused" && run.failed > 2);
    expect(again).toMatchObject({ added: 4, retired: 0, canary_passed: false });
    await runs.restartAudit();
    await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } });
    expect(await runs.work(list.id, over)).toMatchObject({ canary_passed: true, retired: 8, state: "finished" });
  } finally {
    await runs.restartAudit();
  }
});

test("letters that claim one event with two contents are conflicts, both of them, and neither can be chosen", async () => {
  const [honest] = runs.events(1);
  const other = madeEvent(runs.stage.keys.audit ?? Buffer.alloc(32), zone, { id: honest?.id ?? "", decision: "deny" });
  const [alone] = runs.events(1);
  const letters = [honest, other, alone].flatMap((event) => (event === undefined ? [] : [letterOf(event, transient)]));
  await addLetters(runs.stage.redis, [...letters, ...letters.slice(2)]); // the same twice is no conflict
  const list = await runs.stage.list();
  const rows = await runs.entries(list.id);
  expect(rows.map((row) => row.class)).toEqual(["conflict", "conflict", "missing", "missing"]);
  expect(rows[0]?.why).toContain("claims the same event");
  await runs.start(list);
  expect(await runs.work(list.id, over)).toMatchObject({ retired: 2 });
  expect(await runs.rows([honest?.id ?? ""])).toBe(0);
});

describe("what comes back", () => {
  test("fails, stops the run after the canary, is not added again; after three runs it is quarantined", async () => {
    const other = randomBytes(32);
    await runs.restartAudit(other); // the key drifted on Caracal's side: everything comes back
    try {
      await runs.letters(6);
      for (const round of [1, 2, 3]) {
        const list = await runs.stage.list();
        const known = await runs.entries(list.id);
        expect(known.every((one) => one.class === "missing")).toBe(true);
        await runs.start(list, { canary: 1 });
        const run = await runs.work(list.id, ({ state }) => state === "paused");
        expect(run).toMatchObject({ failed: 1, added: 1, retired: 0, paused_by: null });
        expect(run.pause_reason).toContain("canary");
        const [first] = await runs.entries(list.id);
        expect(first).toMatchObject({ state: "failed", outcome: expect.stringContaining("It came back as") });
        await cancelRedrive({ ctx: runs.by(), input: { runId: list.id } });
        await runs.work(list.id, over);
        expect(await runs.stage.redis.xlen(dlq)).toBe(6 + round);
      }
      const list = await runs.stage.list();
      const now = await runs.entries(list.id);
      expect(now.filter((one) => one.class === "quarantined")).toHaveLength(4); // the original and its three returns
      const [first] = now;
      const history = await entryHistory({ ctx: runs.by(), input: { stream: dlq, entryId: first?.entryId ?? "" } });
      expect(new Set(history.filter((one) => one.newId !== null).map((one) => one.runId)).size).toBe(3);
      await runs.start(list);
      await runs.work(list.id, ({ state }) => state === "paused"); // the five others come back, which is the limit
      expect(
        (await runs.entries(list.id))
          .filter((one) => one.class === "quarantined")
          .every((one) => one.state === "listed"),
      ).toBe(true);
    } finally {
      await runs.restartAudit();
    }
  });
});

test("it stops by itself when ingestion falls behind, and goes on when somebody resumes it", async () => {
  await runs.letters(40);
  const list = await runs.stage.list();
  runs.pauseAudit();
  await addLetters(
    runs.stage.redis,
    runs.events(30).map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await runs.start(list, { mostLag: 20 });
  const run = await runs.work(list.id, ({ state }) => state === "paused");
  expect(run).toMatchObject({ added: 0, paused_by: null });
  expect(run.pause_reason).toMatch(/audit-ingestor is \d+ behind, over the limit of 20/);
  runs.resumeAudit();
  await expect
    .poll(
      async () => {
        await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } }).catch(() => undefined);
        for (let turn = 0; turn < 50; turn += 1) await advanceOneRedrive(runs.stage.ctx, createAllowance());
        return (await runs.stage.run(list.id)).state;
      },
      { timeout: 30_000 },
    )
    .toBe("finished");
  expect(await runs.stage.run(list.id)).toMatchObject({ retired: 40, failed: 0 });
});

test("paused and cancelled by hand, it settles what is on its way and goes on where it stopped", async () => {
  await runs.letters(60);
  const list = await runs.stage.list();
  await runs.start(list, { rate: 5 });
  await runs.work(list.id, ({ added }) => added > 0);
  await pauseRedrive({ ctx: runs.by(), input: { runId: list.id } });
  const paused = await runs.work(list.id, (run) => run.settled_to + 1 === run.next_n);
  expect(paused.retired).toBe(paused.added);
  expect(paused.retired).toBeLessThan(60);
  await expect(pauseRedrive({ ctx: runs.by(), input: { runId: list.id } })).rejects.toThrow("not running");
  await setRate({ ctx: runs.by(), input: { runId: list.id, rate: 10 } });
  await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } });
  await runs.work(list.id, ({ added }) => added > paused.added);
  await cancelRedrive({ ctx: runs.by(), input: { runId: list.id } });
  const cancelled = await runs.work(list.id, over);
  expect(cancelled).toMatchObject({ state: "cancelled", retired: cancelled.added });
  expect(await runs.stage.redis.xlen(dlq)).toBe(60 - cancelled.retired);

  await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } });
  await setRate({ ctx: runs.by(), input: { runId: list.id, rate: null } });
  expect(await runs.work(list.id, over)).toMatchObject({ state: "finished", retired: 60, added: 60, added_again: 0 });
});
