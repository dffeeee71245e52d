import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChainRow, honestChain } from "@/sandbox/audit-chain/honest-chain";
import { tamper } from "@/sandbox/audit-chain/tampering";
import { loadChainRows, loadChainStream } from "@/sandbox/audit-stage/load-chain";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import type { CheckContext } from "@/server/audit/checks/check-rows";
import { getCheck, listFindings } from "@/server/audit/checks/check-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { dataSignature } from "@/server/audit/verify/seals";
import { startCheck } from "@/server/audit/checks/start-check";
import { chainTroubles } from "@/server/detection/chain-troubles";

const key = Buffer.alloc(32, 5);
let stage: KeyStage;
beforeEach(async () => {
  stage = await openKeyStage();
});
afterEach(() => stage.close());

/** A check of whole chains: what it found, its totals and what it says of itself. */
async function checked(given: Partial<CheckContext> = {}) {
  const ctx = { db: stage.db, caracal: stage.caracal };
  const { checkId } = await startCheck({ ctx: { ...ctx, actor: stage.actor }, input: { scope: "full" } });
  await advanceOneCheck({ ...ctx, auditKey: key, holder: "console:test", ...given });
  const { rows } = await listFindings({ ctx, input: { checkId, limit: 100 } });
  const { state, totals, witnesses, error } = await getCheck({ ctx, input: { checkId } });
  expect([state, error]).toEqual(["finished", null]);
  const [trouble] = (await chainTroubles(stage.db)).zones;
  return {
    found: rows.map(({ finding, chainSeq }) => `${finding} ${chainSeq}`).sort(),
    witnesses: rows.map(({ witnesses: heard }) => heard),
    totals,
    note: witnesses?.note ?? "",
    open: trouble === undefined ? null : trouble.removed + trouble.rewritten + trouble.changed,
  };
}
async function put(rows: readonly ChainRow[]): Promise<void> {
  await stage.caracalOwner.query("DELETE FROM audit_events");
  const client = await stage.caracalOwner.connect();
  try {
    await loadChainRows(client, rows);
  } finally {
    client.release();
  }
}

test("what only the stream told stands when its copies are trimmed or Redis is away, until the rows are again what was signed", async () => {
  const chain = honestChain(Math.random, 12, key);
  const rewritten = tamper(chain, "rewritten with the key, signature and all", () => 0.4);
  const expected = [...rewritten.found.map(({ chain_seq: seq }) => `rewritten_with_key ${seq}`), "tail_truncated 12"];
  await put(rewritten.rows.slice(0, -1));
  await loadChainStream(stage.caracal.redis, chain.stream);
  const first = await checked();
  expect([first.found, first.open]).toEqual([expected, 2]);

  await stage.caracal.redis.xtrim("caracal.audit.events", "MAXLEN", 0);
  for (const _ of ["once", "and again"]) {
    const later = await checked();
    expect([later.found, later.open]).toEqual([expected, 2]);
    expect(later.totals).toEqual(first.totals);
    expect(later.witnesses.every((heard) => heard.includes("earlier"))).toBe(true);
    expect(later.note).toContain("2 findings are carried over");
  }
  const gone = new Redis({ lazyConnect: true, enableOfflineQueue: false, port: 1, retryStrategy: null });
  gone.on("error", () => undefined);
  const away = await checked({ caracal: { ...stage.caracal, redis: gone } });
  expect([away.found, away.open]).toEqual([expected, 2]);
  expect(away.note).toContain("Redis did not answer");

  await put(chain.rows);
  const back = await checked();
  expect([back.found, back.open]).toEqual([[], null]);
  expect(back.totals).toMatchObject({ rows: 12, proved: 12 });
});

test("what the stream itself takes back is not carried", async () => {
  const chain = honestChain(Math.random, 6, key);
  await put(chain.rows.slice(0, -2));
  await loadChainStream(stage.caracal.redis, chain.stream);
  expect((await checked()).found).toEqual(["tail_truncated 5", "tail_truncated 6"]);
  for (const { id, fields } of chain.stream.slice(-2))
    await stage.caracal.redis.xadd(
      "caracal.audit.events.dlq",
      "*",
      "reason",
      "pg_permanent_error",
      "src_id",
      fields.id,
      "received_at",
      id.split("-")[0] ?? "",
    );
  expect(await checked()).toMatchObject({ found: [], open: null });
});

test("of one id that was signed in two zones each zone's own event is missed when its tail is cut", async () => {
  const one = honestChain(Math.random, 6, key);
  const two = honestChain(Math.random, 6, key);
  const twin = one.rows[2]?.id ?? "";
  const stream = [...one.stream, ...two.stream].map(({ fields }, at) => {
    const data = at === 9 ? fields.data.replace(two.rows[3]?.id ?? "", twin) : fields.data;
    return {
      id: `${1_000 + at}-0`,
      fields: { ...fields, id: at === 9 ? twin : fields.id, data, sig: dataSignature(key, data) },
    };
  });
  await put([...one.rows, ...two.rows.slice(0, 3)]);
  await loadChainStream(stage.caracal.redis, stream);
  expect((await checked()).found).toEqual(["tail_truncated 4", "tail_truncated 5", "tail_truncated 6"]);
});
