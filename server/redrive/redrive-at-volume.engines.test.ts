import { afterAll, beforeAll, expect, test } from "vitest";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { openRuns, over, type Runs } from "@/sandbox/redrive-stage/runs";
import { batchSize } from "@/server/redrive/pace-redrive";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";

const letters = 8_000;
const most = 5_000; // a page of the digest

let runs: Runs;
beforeAll(async () => {
  runs = await openRuns();
});
afterAll(() => runs?.close());

test("no statement of a run reads more than a few batches of a list that was only just made, however long it is", async () => {
  await runs.letters(letters);
  const list = await runs.stage.list();
  await runs.start(list, { mostLag: 100_000 });
  const db = explainedDatabase(runs.stage.db);
  const allowance = createAllowance();
  while (!over(await runs.stage.run(list.id))) await advanceOneRedrive({ ...runs.stage.ctx, db }, allowance);
  expect(await runs.stage.run(list.id)).toMatchObject({ state: "finished", retired: letters });
  const reads = db.scans.filter(({ relation }) => relation === "redrive_entries").map(({ rows }) => rows);
  expect(Math.max(...reads)).toBeLessThanOrEqual(most);
  expect(reads.filter((rows) => rows === batchSize).length).toBeGreaterThanOrEqual(letters / batchSize);
}, 120_000);
