import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { addLetters, letterOf, transient } from "@/sandbox/redrive-stage/audit-letters";
import { audit, openRuns, over, type Runs } from "@/sandbox/redrive-stage/runs";
import { dlq } from "@/sandbox/redrive-stage/stage";
import { cancelRedrive, resumeRedrive } from "@/server/redrive/control-redrive";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";

let runs: Runs;
beforeAll(async () => {
  runs = await openRuns();
});
afterAll(() => runs?.close());
beforeEach(() => runs.begin());
afterEach(() => runs.end());

test("what left the dead letters while a run was stopped is not put back when it goes on", async () => {
  const ids = await runs.letters(3);
  const list = await runs.stage.list();
  await runs.start(list);
  await cancelRedrive({ ctx: runs.by(), input: { runId: list.id } });
  await runs.work(list.id, over);
  await runs.stage.redis.xdel(dlq, ids[1] ?? "");
  const before = await runs.stage.redis.xlen(audit);
  await resumeRedrive({ ctx: runs.by(), input: { runId: list.id } });
  expect(await runs.work(list.id, over)).toMatchObject({ state: "finished", added: 2, retired: 2, failed: 1 });
  expect(await runs.stage.redis.xlen(audit)).toBe(before + 2);
  expect((await runs.entries(list.id))[1]).toMatchObject({
    state: "failed",
    newId: null,
    outcome: expect.stringContaining("no longer among the dead letters"),
  });
});

test("trimmed while its event is on the way, a letter is done when the row is there; trimmed before its turn, it has failed; both are kept", async () => {
  const ids = await runs.letters(3);
  const list = await runs.stage.list();
  runs.pauseAudit();
  await runs.start(list, { canary: 1 });
  await runs.work(list.id, (run) => run.added === 1 && run.adding_from === null);
  await runs.stage.redis.xtrim(dlq, "MAXLEN", 1);
  runs.resumeAudit();
  expect(await runs.work(list.id, over)).toMatchObject({ state: "finished", added: 2, retired: 2, failed: 1 });
  expect(await runs.entries(list.id)).toMatchObject([
    { state: "retired" },
    { state: "failed", newId: null, outcome: expect.stringContaining("or trimmed. Its original is kept.") },
    { state: "retired" },
  ]);
  const kept = await runs.stage.db.query("SELECT 1 FROM dead_letter_originals WHERE entry_id = ANY ($1)", [ids]);
  expect(kept).toHaveLength(3);
});

test("an entry that came back has failed and keeps its letter, though its row is there and others arrive in the same turn", async () => {
  const events = runs.events(2);
  const letters = events.map((event) => letterOf(event, transient));
  const [original] = await addLetters(runs.stage.redis, letters);
  const list = await runs.stage.list();
  runs.pauseAudit();
  await runs.start(list);
  await runs.work(list.id, (run) => run.added === 2 && run.adding_from === null);
  runs.resumeAudit();
  await expect.poll(() => runs.rows(events.map(({ id }) => id)), { timeout: 20_000 }).toBe(2);
  const [back] = await addLetters(runs.stage.redis, letters.slice(0, 1));
  expect(await runs.work(list.id, over)).toMatchObject({ failed: 1, retired: 1, confirmed: 1 });
  expect((await runs.stage.redis.xrange(dlq, "-", "+")).map(([id]) => id)).toEqual([original, back]);
});

test("what is merely retired as recorded is no canary", async () => {
  const stored = runs.events(5);
  await addLetters(
    runs.stage.redis,
    stored.map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  await expect.poll(() => runs.rows(stored.map(({ id }) => id)), { timeout: 20_000 }).toBe(5);
  await addLetters(
    runs.stage.redis,
    stored.map((event) => letterOf(event, transient)),
  );
  await runs.letters(10);
  const list = await runs.stage.list();
  runs.pauseAudit();
  await runs.start(list, { canary: 4 });
  await runs.work(list.id, (run) => run.retired === 5 && run.added > 0 && run.adding_from === null);
  for (let turn = 0; turn < 10; turn += 1) await advanceOneRedrive(runs.stage.ctx, createAllowance());
  expect(await runs.stage.run(list.id)).toMatchObject({ added: 4, retired: 5, canary_passed: false });
  runs.resumeAudit();
  expect(await runs.work(list.id, over)).toMatchObject({ canary_passed: true, added: 10, retired: 15 });
});
