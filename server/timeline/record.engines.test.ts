import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { appendEntries, type NewEntry } from "@/server/timeline/append-entries";
import { entryHash } from "@/server/timeline/entry-hash";
import { readChain } from "@/server/timeline/read-chain";
import { verifyTimeline } from "@/server/timeline/verify-timeline";

let own: ConsoleDatabase;
let db: Database;
let superuser: pg.Client;
const entry = (chain: string, n: number, kind = "note.added"): NewEntry => ({
  chain,
  kind,
  by: {
    id: randomUUID(),
    name: `Zoë ${n}`,
    roles: ["responder", "admin"],
    address: "192.0.2.1",
    requestId: randomUUID(),
  },
  summary: `Entry ${n}: äöü "quoted" \\ and\nlines`,
  details: { parameters: { n, text: "ü\u2028" }, figures: [{ name: "live", value: n, source: "test" }] },
});

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 50, statementTimeoutMs: 30_000 });
  const url = new URL(inject("engines").postgresAdminUrl);
  url.pathname = new URL(own.url).pathname;
  superuser = new pg.Client({ connectionString: url.toString() });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await db?.close();
  await own?.drop();
});

const append = (...entries: NewEntry[]) => db.transaction((tx) => appendEntries(tx, entries));
async function chainOf(length: number): Promise<string> {
  const chain = randomUUID();
  await append(...Array.from({ length }, (_, index) => entry(chain, index + 1)));
  return chain;
}
const verify = (chain: string) => verifyTimeline({ ctx: { db, outside: null }, input: { chain } });

/** What somebody with every right in the database can do: triggers off, then any statement. */
async function tamper(sql: string, params: readonly unknown[]): Promise<void> {
  await superuser.query("SET session_replication_role = replica");
  await superuser.query(sql, [...params]);
  await superuser.query("SET session_replication_role = origin");
}

test("the database and the console make the same hash of real rows, whatever they hold", async () => {
  const chain = await chainOf(3);
  await append({ chain, kind: "signal.fired", by: null, summary: "by the console itself" });
  let seen = 0;
  for await (const page of readChain(db, chain))
    for (const row of page) {
      expect(entryHash(row)).toBe(row.hash);
      seen += 1;
    }
  expect(seen).toBe(4);
  expect(await verify(chain)).toMatchObject({ whole: true, entries: 4, firstBad: null, outsideHeads: null });
});

describe("a superuser's change", () => {
  test.each([
    ["chain", "gen_random_uuid()"],
    ["seq", "4711"],
    ["at", "at + interval '1 microsecond'"],
    ["kind", "'note.hidden'"],
    ["actor_id", "NULL"],
    ["actor_name", "actor_name || ' '"],
    ["actor_roles", "'viewer'"],
    ["address", "NULL"],
    ["request_id", "''"],
    ["summary", "replace(summary, 'Entry', 'entry')"],
    ["details", "(details::text || ' ')::json"],
    ["prev_hash", "repeat('a', 64)"],
    ["hash", "repeat('a', 64)"],
  ])("to the column %s is found and the entry named", async (column, value) => {
    const chain = await chainOf(6);
    await tamper(`UPDATE timeline_entries SET ${column} = ${value} WHERE chain = $1 AND seq = 3`, [chain]);
    expect(await verify(chain)).toMatchObject({ whole: false, firstBad: { seq: 3 } });
  });

  test("covers every column that the table has", async () => {
    const { rows } = await superuser.query<{ name: string }>(
      "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'timeline_entries'::regclass AND attnum > 0 AND NOT attisdropped",
    );
    expect(rows.map((row) => row.name).sort()).toEqual(
      "actor_id actor_name actor_roles address at chain details hash kind prev_hash request_id seq summary".split(" "),
    );
  });

  test("that removes, swaps or cuts entries, or moves the head, is found", async () => {
    const removed = await chainOf(6);
    await tamper("DELETE FROM timeline_entries WHERE chain = $1 AND seq = 4", [removed]);
    expect((await verify(removed)).firstBad).toMatchObject({ seq: 4, problem: expect.stringMatching(/missing/) });
    const swapped = await chainOf(6);
    for (const [from, to] of [
      [2, 99],
      [5, 2],
      [99, 5],
    ])
      await tamper("UPDATE timeline_entries SET seq = $3 WHERE chain = $1 AND seq = $2", [swapped, from, to]);
    expect((await verify(swapped)).firstBad).toMatchObject({ seq: 2 });
    const cut = await chainOf(6);
    await tamper("DELETE FROM timeline_entries WHERE chain = $1 AND seq > 4", [cut]);
    expect((await verify(cut)).firstBad).toMatchObject({ seq: 5 });
    const headless = await chainOf(2);
    await tamper("DELETE FROM timeline_heads WHERE chain = $1", [headless]);
    expect((await verify(headless)).whole).toBe(false);
    const opened = await chainOf(2);
    await append(entry(opened, 3, "incident.closed"));
    await tamper("UPDATE timeline_heads SET closed = false WHERE chain = $1", [opened]);
    expect((await verify(opened)).firstBad).toMatchObject({ seq: 3 });
    await append(entry(opened, 4));
    expect((await verify(opened)).firstBad).toMatchObject({ seq: 4, problem: expect.stringMatching(/closing/) });
  });

  test("that appends with triggers off after the closing is found", async () => {
    const chain = await chainOf(2);
    await append(entry(chain, 3, "incident.closed"));
    await tamper(
      `INSERT INTO timeline_entries SELECT chain, 4, at, 'note.added', actor_id, actor_name, actor_roles, address, request_id, 'late', details, hash, hash
         FROM timeline_entries WHERE chain = $1 AND seq = 3`,
      [chain],
    );
    expect((await verify(chain)).firstBad).toMatchObject({ seq: 4 });
  });
});

describe("the running role", () => {
  test.each([
    "UPDATE timeline_entries SET summary = 'x'",
    "DELETE FROM timeline_entries",
    "TRUNCATE timeline_entries",
    "INSERT INTO timeline_heads (chain) VALUES (gen_random_uuid())",
    "UPDATE timeline_heads SET closed = false",
    "DELETE FROM timeline_heads",
    "ALTER TABLE timeline_entries DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
  ])("may not: %s", async (sql) => {
    await chainOf(1);
    await expect(db.query(sql)).rejects.toMatchObject({ code: "42501" });
  });

  test("cannot choose the number, time, link or hash of an entry", async () => {
    const chain = await chainOf(1);
    await db.query(
      `INSERT INTO timeline_entries (chain, seq, at, kind, actor_name, summary, prev_hash, hash)
       VALUES ($1, 77, '2020-01-01', 'note.added', 'x', 'x', 'x', 'x')`,
      [chain],
    );
    expect(await verify(chain)).toMatchObject({ whole: true, entries: 2 });
  });

  test("cannot append to a closed timeline, but for a reopening", async () => {
    const chain = await chainOf(1);
    await append(entry(chain, 2, "incident.closed"));
    await expect(append(entry(chain, 3))).rejects.toMatchObject({ code: "55000" });
    await append(entry(chain, 3, "incident.reopened"), entry(chain, 4));
    expect(await verify(chain)).toMatchObject({ whole: true, entries: 4 });
  });
});

test("the owner's slip of hand is stopped by the triggers", async () => {
  await chainOf(1);
  const owner = new pg.Client({ connectionString: own.migrateUrl });
  await owner.connect();
  for (const sql of [
    "UPDATE timeline_entries SET summary = 'x'",
    "DELETE FROM timeline_entries",
    "TRUNCATE timeline_entries",
  ])
    await expect(owner.query(sql)).rejects.toMatchObject({ code: "23001" });
  await owner.end();
});

test("50 writers at once give one order without holes, and what was rolled back leaves none", async () => {
  const chain = randomUUID();
  let [kept, dropped] = [0, 0];
  await Promise.all(
    Array.from({ length: 50 }, async (_, writer) => {
      for (let turn = 0; turn < 10; turn += 1) {
        const back = (writer + turn) % 5 === 0;
        const work = db.transaction(async (tx) => {
          await appendEntries(tx, [entry(chain, writer * 100 + turn), entry(chain, writer * 100 + turn)]);
          if (back) throw new Error("rolled back");
        });
        await (back ? expect(work).rejects.toThrow("rolled back") : work);
        if (back) dropped += 2;
        else kept += 2;
      }
    }),
  );
  expect(dropped).toBeGreaterThan(0);
  expect(await verify(chain)).toMatchObject({ whole: true, entries: kept });
  const [counted] = await db.query<{ writers: number }>(
    "SELECT count(DISTINCT details->'parameters'->>'n')::int AS writers FROM timeline_entries WHERE chain = $1",
    [chain],
  );
  expect(counted?.writers).toBe(kept / 2);
});

test("writers of several chains in one transaction never wait for each other in a circle", async () => {
  const chains = Array.from({ length: 4 }, () => randomUUID());
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      append(...[...chains].sort(() => (n % 2 === 0 ? 1 : -1)).map((chain) => entry(chain, n))),
    ),
  );
  for (const chain of chains) expect(await verify(chain)).toMatchObject({ whole: true, entries: 40 });
});

test("entries appended while it verifies are no fault", async () => {
  const chain = await chainOf(3_000);
  const writing = Promise.all(Array.from({ length: 5 }, () => append(entry(chain, 1), entry(chain, 2))));
  expect(await verify(chain)).toMatchObject({ whole: true });
  await writing;
  expect(await verify(chain)).toMatchObject({ whole: true, entries: 3_010 });
});
