import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChainEntry, type ChainRow, honestEvents } from "@/sandbox/audit-chain/honest-chain";
import { loadChainRows, loadChainStream } from "@/sandbox/audit-stage/load-chain";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { eventually } from "@/sandbox/stand-in-witness";
import { getCheck, listFindings } from "@/server/audit/checks/check-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";

const key = Buffer.alloc(32, 5);
let stage: KeyStage;
const children: ChildProcess[] = [];

beforeEach(async () => {
  stage = await openKeyStage();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await stage.close();
});

/** Rows of one zone of which some were changed, removed or moved; the stream holds the newest third. */
async function tamperedZone(rows: number): Promise<void> {
  const zoneId = await stage.newZone();
  const kept: ChainRow[] = [];
  const stream: ChainEntry[] = [];
  for (const { row, entry } of honestEvents(Math.random, key, { zoneId })) {
    if (kept.length >= (rows * 2) / 3) stream.push(entry);
    kept.push(row);
    if (kept.length === rows) break;
  }
  const at = (n: number) => kept[n] as ChainRow;
  for (const n of [40, Math.floor(rows * 0.45), rows - 60]) kept[n] = { ...at(n), decision: "changed" };
  const [one, two] = [at(300), at(301)];
  kept[300] = { ...two, chain_seq: one.chain_seq };
  kept[301] = { ...one, chain_seq: two.chain_seq };
  const gone = new Set([200, rows - 40]);
  const client = await stage.caracalOwner.connect();
  try {
    await loadChainRows(client, kept.filter((_, n) => !gone.has(n)).slice(0, -2));
  } finally {
    client.release();
  }
  await loadChainStream(stage.caracal.redis, stream);
}

const worker = (checkId: string) => {
  const { console: CONSOLE_URL, caracal: CARACAL_URL, redis: REDIS_URL } = stage.urls;
  const child = spawn(process.execPath, ["--import", "tsx", "sandbox/audit-stage/worker-process.ts"], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "test",
      AUDIT_CHECK: checkId,
      CONSOLE_URL,
      CARACAL_URL,
      REDIS_URL,
      AUDIT_KEY: key.toString("hex"),
      HOLDER: "console:killed",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  children.push(child);
  return child;
};
const order = async () =>
  (await startCheck({ ctx: { db: stage.db, caracal: stage.caracal, actor: stage.actor }, input: { scope: "full" } }))
    .checkId;
const found = async (checkId: string) =>
  (await listFindings({ ctx: { db: stage.db }, input: { checkId, limit: 500 } })).rows.map(
    ({ n: _, ...finding }) => finding,
  );
const judged = async (checkId: string) =>
  (
    await stage.db.query<{ judged: number }>(
      "SELECT coalesce(sum(judged), 0)::float8 AS judged FROM audit_check_zones WHERE check_id = $1",
      [checkId],
    )
  )[0]?.judged ?? 0;

test("a check that was killed is gone on with: the same findings, and no row that was kept is judged again", async () => {
  const rows = 5_000;
  await tamperedZone(rows);
  const killed = await order();
  const child = worker(killed);
  await eventually(async () => expect(await judged(killed)).toBeGreaterThan(0), 120_000);
  child.kill("SIGKILL");
  await once(child, "exit");
  const before = await judged(killed);
  expect(before).toBeLessThan(rows);
  await stage.db.query("UPDATE audit_checks SET heartbeat_at = 'epoch' WHERE id = $1", [killed]);

  const read = new Set<string>();
  const { db } = stage.caracal;
  const caracal = {
    ...stage.caracal,
    db: {
      ...db,
      transaction: <T>(work: Parameters<typeof db.transaction<T>>[0]) =>
        db.transaction<T>((tx) =>
          work({
            query: async (sql, params) => {
              const page = await tx.query<never>(sql, params);
              if (
                /SELECT id, zone_id, event_type/.test(sql) &&
                /ORDER BY audit_events\.chain_seq, audit_events\.id/.test(sql) &&
                page.length > 100
              )
                for (const { id } of page as { id: string }[]) read.add(id);
              return page;
            },
          }),
        ),
    },
  };
  const ctx = { db: stage.db, caracal, auditKey: key, holder: "console:test" };
  await advanceOneCheck(ctx);
  expect(await getCheck({ ctx: { db: stage.db }, input: { checkId: killed } })).toMatchObject({
    state: "finished",
    error: null,
    timesTaken: 2,
  });
  expect(read.size).toBeGreaterThan(0);
  expect(read.size).toBeLessThanOrEqual(rows - before + 1);

  const whole = await order();
  await advanceOneCheck({ ...ctx, caracal: stage.caracal });
  expect(await found(killed)).toEqual(await found(whole));
  expect((await found(whole)).map(({ finding }) => finding).sort()).toEqual(
    expect.arrayContaining(["column_changed", "content_mismatch", "reordered", "row_deleted", "tail_truncated"]),
  );
  const totals = async (checkId: string) => (await getCheck({ ctx: { db: stage.db }, input: { checkId } })).totals;
  expect(await totals(killed)).toEqual(await totals(whole));
}, 300_000);
