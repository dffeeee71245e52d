import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { audit, openRuns, over, type Runs } from "@/sandbox/redrive-stage/runs";
import { dlq } from "@/sandbox/redrive-stage/stage";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";

let runs: Runs;
beforeAll(async () => {
  runs = await openRuns();
});
afterAll(() => runs?.close());
beforeEach(() => runs.begin());
afterEach(() => runs.end());

describe("interrupted between adding and its record", () => {
  /** A worker whose database is lost from the nth transaction on that comes after entries were added. */
  const lostAfterAdding = () => {
    let added = false;
    const redis = runs.stage.redis;
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
      ...runs.stage.db,
      transaction: ((run) => (added ? gone() : runs.stage.db.transaction(run))) as typeof runs.stage.db.transaction,
    };
    const mend = () => {
      redis.pipeline = pipeline;
    };
    return { ctx: { ...runs.stage.ctx, db }, mend, was: () => added };
  };

  test.each([
    ["ingestion has them by then", true],
    ["they are still in the stream only", false],
  ])("nothing is added twice and no letter is left: %s", async (_what, ingested) => {
    await runs.letters(40);
    const list = await runs.stage.list();
    await runs.start(list);
    if (!ingested) runs.pauseAudit();
    const before = await runs.stage.redis.xlen(audit);
    const lost = lostAfterAdding();
    for (let turn = 0; !lost.was() && turn < 50; turn += 1) await advanceOneRedrive(lost.ctx, createAllowance());
    lost.mend();
    expect(await runs.stage.run(list.id)).toMatchObject({ adding_from: 1, adding_to: 40, added: 0 });
    const ids = (await runs.entries(list.id)).map(({ eventId }) => eventId ?? "");
    if (ingested) await expect.poll(() => runs.rows(ids), { timeout: 20_000 }).toBe(40);
    await advanceOneRedrive(runs.stage.ctx, createAllowance());
    runs.resumeAudit();
    expect(await runs.work(list.id, over)).toMatchObject({
      state: "finished",
      added: 40,
      added_again: 0,
      retired: 40,
      failed: 0,
    });
    expect(await runs.stage.redis.xlen(audit)).toBe(before + 40);
    expect(await runs.stage.redis.xlen(dlq)).toBe(0);
  });

  test("when the stream was emptied meanwhile, ingestion's rows tell; a message whose effect nobody sees is left to a person", async () => {
    await runs.letters(10);
    const list = await runs.stage.list();
    await runs.start(list);
    const lost = lostAfterAdding();
    for (let turn = 0; !lost.was() && turn < 50; turn += 1) await advanceOneRedrive(lost.ctx, createAllowance());
    lost.mend();
    await expect
      .poll(async () => runs.rows((await runs.entries(list.id)).map(({ eventId }) => eventId ?? "")), {
        timeout: 20_000,
      })
      .toBe(10);
    await runs.stage.redis.xtrim(audit, "MAXLEN", 0);
    expect(await runs.work(list.id, over)).toMatchObject({ added: 10, added_again: 0, retired: 10 });
    expect((await runs.entries(list.id)).every((one) => one.outcome?.includes("after an interruption"))).toBe(true);
  });
});
