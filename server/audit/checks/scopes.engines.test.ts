import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChainEntry, type ChainRow, honestEvents } from "@/sandbox/audit-chain/honest-chain";
import { loadChainRows, loadChainStream } from "@/sandbox/audit-stage/load-chain";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { anchorHeads } from "@/server/audit/anchors/anchor-heads";
import { keepBeginnings } from "@/server/audit/anchors/chain-beginnings";
import { orderDueChecks } from "@/server/audit/checks/check-schedule";
import { getCheck, listChecks, listFindings } from "@/server/audit/checks/check-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { listCheckedZones } from "@/server/audit/checks/zone-views";
import { chainTroubles } from "@/server/detection/chain-troubles";

const key = Buffer.alloc(32, 6);
let stage: KeyStage;
let zoneId: string;
let events: ReturnType<typeof honestEvents>;
const all: { row: ChainRow; entry: ChainEntry }[] = [];

beforeEach(async () => {
  stage = await openKeyStage();
  zoneId = await stage.newZone();
  events = honestEvents(Math.random, key, { zoneId });
  all.length = 0;
});
afterEach(() => stage.close());

/** So many more events of the zone, ingested. */
async function ingest(count: number, streamed = true): Promise<void> {
  const more = Array.from({ length: count }, () => events.next().value as { row: ChainRow; entry: ChainEntry });
  all.push(...more);
  const client = await stage.caracalOwner.connect();
  try {
    await loadChainRows(
      client,
      more.map(({ row }) => row),
    );
  } finally {
    client.release();
  }
  if (streamed)
    await loadChainStream(
      stage.caracal.redis,
      more.map(({ entry }) => entry),
    );
}
const ctx = (auditKey: Buffer = key) => ({ db: stage.db, caracal: stage.caracal, auditKey, holder: "console:test" });
const schedule = () => orderDueChecks({ ...ctx(), everySeconds: 1, fullEveryHours: 24 });
/** As if the last check had ended long ago. */
const later = () =>
  stage.owner.query("UPDATE audit_checks SET finished_at = finished_at - interval '1 minute' WHERE state = 'finished'");
type Ordered = { zoneId?: string; scope: "full" | "window" | "new"; window?: { from: string; to?: string } };
const order = async (input: Ordered) =>
  (await startCheck({ ctx: { db: stage.db, caracal: stage.caracal, actor: stage.actor }, input })).checkId;
const view = (checkId: string) => getCheck({ ctx: { db: stage.db }, input: { checkId } });
const found = async (checkId: string) =>
  (await listFindings({ ctx: { db: stage.db }, input: { checkId, limit: 100 } })).rows.map(
    ({ finding, chainSeq }) => `${finding} ${chainSeq}`,
  );
const newest = async () =>
  (
    await stage.db.query<{ id: string; scope: string }>(
      "SELECT id, scope FROM audit_checks ORDER BY requested_at DESC LIMIT 1",
    )
  )[0];
const summed = async () =>
  (await chainTroubles(stage.db)).zones.map(({ changed, removed, rewritten }) => [changed, removed, rewritten]);
const change = (n: number) =>
  stage.caracalOwner.query("UPDATE audit_events SET decision = 'changed' WHERE id = $1", [all[n]?.row.id]);

test("what is new is checked from the last head on: cheaply, and only when there is something", async () => {
  await ingest(30);
  expect(await schedule()).toBe("full");
  expect(await schedule()).toBeNull();
  await advanceOneCheck(ctx());
  await later();
  expect(await schedule()).toBeNull(); // nothing is new
  await ingest(5);
  expect(await schedule()).toBe("new");
  await advanceOneCheck(ctx());
  const first = await newest();
  expect(await view(first?.id ?? "")).toMatchObject({
    scope: "new",
    scheduled: true,
    totals: { rows: 6, tampered: 0, removed: 0 }, // the head once more, and the five
    witnesses: { note: expect.stringContaining("Rows behind the head") },
  });
  await later();
  await ingest(2, false); // rows prove themselves too
  await change(3); // behind the head
  expect(await schedule()).toBe("new");
  await advanceOneCheck(ctx());
  expect((await view((await newest())?.id ?? "")).totals).toMatchObject({ rows: 3, tampered: 0 });
  expect(await summed()).toEqual([]);
  const whole = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(whole)).toEqual(["column_changed 4"]);
  // What was ordered by hand is listed; what the console orders once a minute only when it found something.
  expect((await listChecks({ ctx: { db: stage.db }, input: { limit: 50 } })).rows.map(({ scope }) => scope)).toEqual([
    "full",
    "full",
  ]);
});

test("new rows that are not whole are told at once, and their whole chain is checked next", async () => {
  await ingest(20);
  await schedule();
  await advanceOneCheck(ctx());
  await change(4);
  const whole = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(whole)).toEqual(["column_changed 5"]);
  await ingest(6);
  await change(22);
  await later();
  expect(await schedule()).toBe("new");
  await advanceOneCheck(ctx());
  expect(await summed()).toEqual([[2, 0, 0]]); // what was open stays in the sum
  const next = await newest();
  expect(next).toMatchObject({ scope: "full" });
  await later();
  expect(await schedule()).toBeNull(); // the head is held until then
  await advanceOneCheck(ctx());
  expect(await found(next?.id ?? "")).toEqual(["column_changed 5", "column_changed 23"]);
  expect(await summed()).toEqual([[2, 0, 0]]);
});

test("a head that is gone or was rewritten is found by what is checked next; an emptied chain once", async () => {
  await ingest(20);
  await schedule();
  await advanceOneCheck(ctx());
  await stage.caracalOwner.query("DELETE FROM audit_events WHERE chain_seq > 18");
  await later();
  expect(await schedule()).toBe("new");
  await advanceOneCheck(ctx());
  expect(await summed()).toEqual([[0, 1, 0]]);
  await advanceOneCheck(ctx()); // the whole chain, which the stream speaks of
  expect(await summed()).toEqual([[0, 2, 0]]);
  await stage.caracalOwner.query("DELETE FROM audit_events");
  await later();
  expect(await schedule()).toBe("new");
  await advanceOneCheck(ctx());
  await advanceOneCheck(ctx());
  expect(await summed()).toEqual([[0, 20, 0]]);
  await later();
  expect(await schedule()).toBeNull();
});

test("one new row whose seal fails waits for the next; two are another key", async () => {
  await ingest(10);
  await schedule();
  await advanceOneCheck(ctx());
  const other = honestEvents(Math.random, Buffer.alloc(32, 1), { zoneId });
  const foreign = (at: number): ChainRow => {
    const { row } = other.next().value as { row: ChainRow };
    return { ...row, chain_seq: 11 + at };
  };
  const load = async (row: ChainRow) => {
    const client = await stage.caracalOwner.connect();
    await loadChainRows(client, [row]);
    client.release();
  };
  await load(foreign(0));
  await later();
  await schedule();
  await advanceOneCheck(ctx());
  expect((await view((await newest())?.id ?? "")).witnesses?.note).toContain("one alone cannot tell");
  expect(await summed()).toEqual([]);
  await load(foreign(1));
  await later();
  await schedule();
  await advanceOneCheck(ctx());
  const { zones } = await chainTroubles(stage.db);
  expect(zones.map(({ foreignKey }) => foreignKey)).toEqual([true]);
});

test("a window of a zone looks at its rows only, by seq or by time", async () => {
  await ingest(40);
  await change(9);
  await change(19);
  await stage.caracalOwner.query("DELETE FROM audit_events WHERE chain_seq = 25");
  const bySeq = await order({ zoneId, scope: "window", window: { from: "15", to: "30" } });
  await advanceOneCheck(ctx());
  expect(await found(bySeq)).toEqual(["column_changed 20", "row_deleted 25"]);
  expect(await view(bySeq)).toMatchObject({ totals: { rows: 15 }, window: { from: "15", to: "30" } });
  const iso = (n: number) => new Date(`${all[n]?.row.occurred_at.slice(0, 23).replace(" ", "T")}Z`).toISOString();
  const byTime = await order({ scope: "window", window: { from: iso(5), to: iso(12) } });
  await advanceOneCheck(ctx());
  expect(await found(byTime)).toEqual(["column_changed 10"]);
  await expect(order({ scope: "window", window: { from: "1" } })).rejects.toThrow(/each zone counts its own/);
  await expect(order({ scope: "window", window: { from: "yesterday" } })).rejects.toThrow(/not a time/);
});

test("a zone that Caracal's table does not know is checked too, and anchored", async () => {
  const unknown = "00000000-0000-7000-8000-00000000dead";
  events = honestEvents(Math.random, key, { zoneId: unknown });
  await ingest(8);
  await change(2);
  const id = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(id)).toEqual(["column_changed 3"]);
  expect((await view(await order({ zoneId: unknown, scope: "full" }))).zone?.id).toBe(unknown);
});

test("a check that is gone on with hears nothing that was anchored or checked after it was planned", async () => {
  await ingest(12);
  await anchorHeads(ctx(), null);
  await schedule();
  await advanceOneCheck(ctx());
  await ingest(3);
  await later();
  expect(await schedule()).toBe("new");
  const fresh = (await newest())?.id ?? "";
  const { db } = stage.caracal;
  const failing: typeof db.transaction = (work) =>
    db.transaction((tx) =>
      work({
        query: (sql, params) => {
          if (/SELECT id, zone_id, event_type/.test(sql)) throw new Error("away");
          return tx.query(sql, params);
        },
      }),
    );
  const away = { ...ctx(), caracal: { ...stage.caracal, db: { ...db, transaction: failing } } };
  await advanceOneCheck(away);
  await ingest(4);
  await anchorHeads(ctx(), null);
  const whole = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await view(whole)).toMatchObject({ state: "finished", totals: { rows: 19 }, witnesses: { anchors: 2 } });
  expect(await view(fresh)).toMatchObject({ state: "running", error: expect.stringContaining("away") });
  await stage.db.query("UPDATE audit_checks SET heartbeat_at = 'epoch' WHERE id = $1", [fresh]);
  await advanceOneCheck(ctx());
  expect(await view(fresh)).toMatchObject({ state: "finished", timesTaken: 2, witnesses: { anchors: 1 } });
  expect(await found(fresh)).toEqual([]);
});

test("whoever blunts the seals at both ends of a chain does not silence the key between them", async () => {
  await ingest(220, false);
  await stage.caracalOwner.query(
    "UPDATE audit_events SET chain_hmac = repeat('0', 64), ingest_signature = NULL WHERE chain_seq <= 100 OR chain_seq > 120",
  );
  const blunted = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect((await view(blunted)).witnesses?.seal).toBe(true);
  const told = await found(blunted);
  expect(told).not.toContainEqual(expect.stringContaining("key_drift"));
  expect((await view(blunted)).totals?.tampered).toBeGreaterThan(150);
});

test.each(["repeat('0', 64)", "''"])(
  "every seal overwritten with %s is no other key once this one fitted",
  async (seal) => {
    const blunt = `UPDATE audit_events SET chain_hmac = ${seal}, ingest_signature = NULL`;
    await ingest(5, false);
    await order({ scope: "full" });
    await advanceOneCheck(ctx());
    await stage.caracalOwner.query(blunt);
    const again = await order({ scope: "full" });
    await advanceOneCheck(ctx());
    expect(await found(again)).toEqual([1, 2, 3, 4, 5].map((seq) => `rewritten_without_key ${seq}`));
    expect((await view(again)).witnesses?.note).toContain("under this same key");
    const other = await order({ scope: "full" });
    await advanceOneCheck(ctx(Buffer.alloc(32, 1))); // the console was given another key since
    expect(await found(other)).toEqual(seal === "''" ? [] : ["key_drift null"]);
  },
);

test("every seal overwritten before any check heard one is told as what it is or may be", async () => {
  await ingest(5, false);
  await stage.caracalOwner.query("UPDATE audit_events SET chain_hmac = repeat('0', 64), ingest_signature = NULL");
  const id = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(id)).toEqual(["key_drift null"]);
  const { witnesses } = await view(id);
  expect(witnesses).toMatchObject({
    seal: false,
    note: expect.stringContaining("from the rows alone the two cannot be told apart"),
  });
});

test("a beginning that somebody deleted is told once this console has seen it; before that it may be retention", async () => {
  await ingest(6, false);
  await stage.caracalOwner.query("DELETE FROM audit_events WHERE chain_seq <= 2");
  const unseen = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(unseen)).toEqual(["retention_gap 2"]);
  expect((await view(unseen)).witnesses?.note).toMatch(/rows before seq 3 are gone; whether by retention or deletion/);
  await ingest(5, false);
  await stage.caracalOwner.query("DELETE FROM audit_events WHERE chain_seq <= 5");
  const id = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(id)).toEqual(["retention_gap 2", "row_deleted 3", "row_deleted 4", "row_deleted 5"]);
  expect(await summed()).toEqual([[0, 3, 0]]);
});

test("a month that retention took is retention; first rows of the next that go by hand are not", async () => {
  const startAt = BigInt(Date.UTC(2020, 1, 1)) * 1_000_000n;
  events = honestEvents(Math.random, key, { zoneId, startAt, nextMs: 4 * 86_400_000 });
  await ingest(60, false);
  await anchorHeads(ctx(), null);
  const begins = Number(all.find(({ row }) => row.occurred_at >= "2020-03-01")?.row.chain_seq);
  await stage.caracalOwner.query("ALTER TABLE audit_events DETACH PARTITION audit_events_y2020m02");
  const retained = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(retained)).toEqual([`retention_gap ${begins - 1}`]);
  expect((await view(retained)).witnesses?.note).not.toContain("cannot be told");
  await stage.caracalOwner.query("DELETE FROM audit_events WHERE chain_seq <= $1", [begins + 1]);
  const id = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(id)).toEqual([
    `retention_gap ${begins - 1}`,
    `row_deleted ${begins}`,
    `row_deleted ${begins + 1}`,
  ]);
});

test("a month that retention takes while its rows are read is no attack", async () => {
  const startAt = BigInt(Date.UTC(2020, 1, 1)) * 1_000_000n;
  events = honestEvents(Math.random, key, { zoneId, startAt, nextMs: 3_600_000 });
  await ingest(1_800, false);
  await anchorHeads(ctx(), null);
  const left = all.filter(({ row }) => row.occurred_at < "2020-03-01").length;
  expect(left).toBeGreaterThan(1_100); // more than the page that is read before it leaves
  const { db } = stage.caracal;
  let gone = false;
  const leaving: typeof db.transaction = (work) =>
    db.transaction((tx) =>
      work({
        async query(sql, params) {
          if (!gone && /SELECT id, zone_id, event_type/.test(sql) && params?.[1] === 1_000) {
            gone = true;
            await stage.caracalOwner.query("ALTER TABLE audit_events DETACH PARTITION audit_events_y2020m02");
          }
          return tx.query(sql, params);
        },
      }),
    );
  const id = await order({ scope: "full" });
  await advanceOneCheck({ ...ctx(), caracal: { ...stage.caracal, db: { ...db, transaction: leaving } } });
  expect(await view(id)).toMatchObject({ state: "finished", totals: { removed: 0, tampered: 0 } });
  expect(await found(id)).toEqual([`retention_gap ${left}`]);
});

test("where chains begin is read over the index, one row of each partition; twice in a row once", async () => {
  const startAt = BigInt(Date.UTC(2020, 1, 1)) * 1_000_000n;
  events = honestEvents(Math.random, key, { zoneId, startAt, nextMs: 86_400_000 });
  await ingest(200, false);
  await stage.caracalOwner.query("ANALYZE audit_events");
  const db = explainedDatabase(stage.caracal.db);
  const keep = () => keepBeginnings({ db: stage.db, caracal: { db } }, [zoneId]);
  const kept = () =>
    stage.db.query<{ partition: string; seq: number }>(
      "SELECT partition, chain_seq::float8 AS seq FROM audit_chain_beginnings ORDER BY chain_seq",
    );
  await keep();
  const months = new Map<string, number | null>();
  for (const { row } of all)
    months.set(row.occurred_at.slice(0, 7), months.get(row.occurred_at.slice(0, 7)) ?? row.chain_seq);
  expect((await kept()).map(({ seq }) => seq)).toEqual([...months.values()]);
  const read = db.scans.filter(({ relation }) => relation.startsWith("audit_events"));
  expect(read.filter(({ node }) => !/^Index/.test(node))).toEqual([]);
  expect(read.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan(40);
  await keep();
  expect((await kept()).length).toBe(months.size);
});

test("a quiet zone of which every row left with its month is whole, however late its head was anchored", async () => {
  const startAt = BigInt(Date.UTC(2020, 1, 1)) * 1_000_000n;
  events = honestEvents(Math.random, key, { zoneId, startAt });
  await ingest(4, false);
  await schedule();
  await advanceOneCheck(ctx());
  await anchorHeads(ctx(), null);
  await stage.caracalOwner.query("ALTER TABLE audit_events DETACH PARTITION audit_events_y2020m02");
  const id = await order({ scope: "full" });
  await advanceOneCheck(ctx());
  expect(await found(id)).toEqual([]);
  expect(await summed()).toEqual([]);
  const { rows } = await listCheckedZones({ ctx: ctx(), input: { limit: 50 } });
  expect(rows.find(({ zone }) => zone.id === zoneId)).toMatchObject({ whole: true, firstBad: null });
});
