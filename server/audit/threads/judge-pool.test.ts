import { afterEach, describe, expect, it } from "vitest";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { JudgePool, poolSize } from "@/server/audit/threads/judge-pool";
import { Thread, ThreadDied } from "@/server/audit/threads/thread";
import { judgePage, type PageToJudge } from "@/server/audit/verify/judge-page";

const key = Buffer.alloc(32, 9);
const page = (length: number): PageToJudge => {
  const { rows, stream } = honestChain(Math.random, length, key);
  const copies = stream.map(({ fields: { data, sig } }) => [{ data, sig }]);
  return {
    rows: rows.map((row, at) => ({ row, copies: copies[at] ?? [] })),
    shelf: null,
    key,
    sealed: false,
    sealedSince: null,
  };
};
const pools: JudgePool[] = [];
const pool = (size: number) => {
  const made = new JudgePool(size);
  pools.push(made);
  return made;
};
afterEach(async () => {
  for (const made of pools.splice(0)) await made.close();
});

describe("judging on worker threads", () => {
  it("leaves a core to the console, and is at least one", () => {
    expect([1, 2, 4, 64].map((cores) => poolSize(cores))).toEqual([1, 1, 3, 4]);
  });

  it("says what judging here says, of more pages at once than there are threads", async () => {
    const pages = Array.from({ length: 5 }, () => page(20));
    const judging = pool(2);
    expect(await Promise.all(pages.map((one) => judging.judge(one)))).toEqual(pages.map((one) => judgePage(one)));
  });

  it("does not hold up this thread while it works", async () => {
    const judging = pool(1);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    await judging.judge({ ...page(0), rows: page(200).rows.map(({ row }) => ({ row, copies: [] })) });
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  }, 60_000);

  it("asks a thread anew when it dies, three times at most; what the work throws is no death", async () => {
    const thread = new Thread();
    const judging = new JudgePool(1, () => thread);
    pools.push(judging);
    const rows = page(120).rows.map(({ row }) => ({ row, copies: [] }));
    const asked = judging.judge({ ...page(0), rows });
    await thread.end();
    expect((await asked).verdicts).toHaveLength(120);
    const deadly = judging.judge({ ...page(0), rows }).catch((error: unknown) => error);
    for (let deaths = 0; deaths < 3; deaths += 1) {
      await thread.end();
      await new Promise(setImmediate);
    }
    expect(await deadly).toBeInstanceOf(ThreadDied);
    await expect(judging.judge({ ...page(3), shelf: "/nowhere/at/all" })).rejects.toThrow(/ENOENT/);
    expect((await judging.judge(page(3))).verdicts).toHaveLength(3);
  }, 60_000);

  it("rejects what it was asked when it is ended, and begins again when it is asked", async () => {
    const thread = new Thread();
    const asked = thread.ask("judge", page(500)).catch((error: unknown) => error);
    await thread.end();
    expect(await asked).toBeInstanceOf(ThreadDied);
    expect((await thread.ask("judge", page(2))).verdicts).toHaveLength(2);
    await thread.end();
  }, 60_000);
});
