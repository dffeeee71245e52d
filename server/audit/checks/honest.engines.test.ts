import { afterEach, beforeEach, expect, test } from "vitest";
import { honestEvents, type ChainEntry, type ChainRow } from "@/sandbox/audit-chain/honest-chain";
import { ingestEvents } from "@/sandbox/audit-stage/ingest";
import { loadChainRows, loadChainStream } from "@/sandbox/audit-stage/load-chain";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { orderDueChecks } from "@/server/audit/checks/check-schedule";
import { getCheck } from "@/server/audit/checks/check-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { chainTroubles } from "@/server/detection/chain-troubles";

type Event = { readonly row: ChainRow; readonly entry: ChainEntry };
const key = Buffer.alloc(32, 4);
let stage: KeyStage;
beforeEach(async () => {
  stage = await openKeyStage();
});
afterEach(() => stage.close());

test("while events come in, whole chains and what is new are checked without one false alarm", async () => {
  const zoneId = await stage.newZone();
  const events = honestEvents(Math.random, key, { zoneId, startAt: BigInt(Date.now()) * 1_000_000n, nextMs: 1 });
  const next = () => events.next().value as Event;
  const first = Array.from({ length: 1_500 }, next);
  const client = await stage.caracalOwner.connect();
  await loadChainRows(
    client,
    first.map(({ row }) => row),
  );
  client.release();
  // Only the newer half is in the stream still; whatever its id, an entry added later comes after it.
  await loadChainStream(
    stage.caracal.redis,
    first.slice(750).map(({ entry }, at) => ({ ...entry, id: `1-${at + 1}` })),
  );
  const ctx = { db: stage.db, caracal: stage.caracal, auditKey: key, holder: "console:test" };
  const ingesting = ingestEvents({ redis: stage.caracal.redis, owner: stage.caracalOwner }, next, 200);
  const schedule = { ...ctx, everySeconds: 1, fullEveryHours: 24 };
  const scopes: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    await stage.owner.query(
      "UPDATE audit_checks SET finished_at = finished_at - interval '1 minute' WHERE state = 'finished'",
    );
    const due = await orderDueChecks(schedule);
    if (due !== null) scopes.push(due);
    await advanceOneCheck(ctx);
  }
  const ingested = await ingesting.stop();
  expect(ingested).toBeGreaterThan(0);
  expect(scopes.slice(0, 2)).toEqual(["full", "new"]);
  const checks = await stage.db.query<{ id: string }>("SELECT id FROM audit_checks ORDER BY requested_at");
  for (const { id } of checks)
    expect(await getCheck({ ctx: { db: stage.db }, input: { checkId: id } })).toMatchObject({
      state: "finished",
      totals: { tampered: 0, removed: 0 },
      error: null,
    });
  expect((await chainTroubles(stage.db)).zones).toEqual([]);
}, 240_000);
