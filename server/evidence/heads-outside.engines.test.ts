import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { createHeadKeeper } from "@/server/evidence/head-keeper";
import { keepHeads } from "@/server/evidence/keep-heads";
import { outsideHeads } from "@/server/evidence/outside-heads";
import { signingKey } from "@/server/evidence/signing-key";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { appendEntries } from "@/server/timeline/append-entries";
import { verifyTimeline } from "@/server/timeline/verify-timeline";

let own: ConsoleDatabase;
let db: Database;
let superuser: pg.Client;
let folder: string;
let receiver: Server;
let answer = 200;
const posted: string[] = [];

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 30_000 });
  const url = new URL(inject("engines").postgresAdminUrl);
  url.pathname = new URL(own.url).pathname;
  superuser = new pg.Client({ connectionString: url.toString() });
  await superuser.connect();
  folder = await mkdtemp(join(tmpdir(), "heads-"));
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      if (answer === 200) posted.push(body);
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  receiver?.close();
  await superuser?.end();
  await db?.close();
  await own?.drop();
  await rm(folder, { recursive: true, force: true });
});

const settingsFor = (more: { file?: string; webhook?: string }) => ({
  CONSOLE_DATABASE_URL: own.url,
  EVIDENCE_SIGNING_KEY: undefined,
  TIMELINE_HEADS_FILE: more.file,
  TIMELINE_HEADS_WEBHOOK_URL: more.webhook,
  NOTIFY_ALLOW_HOSTS: ["127.0.0.1"],
});
type Kept = ReturnType<typeof settingsFor>;
const newFile = () => join(folder, `${randomUUID()}.jsonl`);
const add = (chain: string, count: number, kind = "note.added") =>
  db.transaction((tx) =>
    appendEntries(
      tx,
      Array.from({ length: count }, (_, n) => ({ chain, kind, by: null, summary: `entry ${n}` })),
    ),
  );
async function keep(settings: Kept): Promise<number> {
  await superuser.query("UPDATE timeline_anchors SET written_at = written_at - interval '61 seconds'"); // a minute later
  return keepHeads({ ctx: { db, settings, key: signingKey(settings) } });
}
async function verify(settings: Kept, chain: string) {
  return verifyTimeline({ ctx: { db, outside: await outsideHeads(db, settings, chain) }, input: { chain } });
}
async function tamper(sql: string, params: readonly unknown[]): Promise<void> {
  await superuser.query("SET session_replication_role = replica");
  await superuser.query(sql, [...params]);
  await superuser.query("SET session_replication_role = origin");
}
/** As somebody would who knows how the hashes are made: changes an entry and lets the trigger write the rest anew. */
async function rewriteFrom(chain: string, from: number): Promise<void> {
  await tamper("CREATE TEMP TABLE IF NOT EXISTS again AS SELECT * FROM timeline_entries LIMIT 0", []);
  await tamper("TRUNCATE again", []);
  await tamper("INSERT INTO again SELECT * FROM timeline_entries WHERE chain = $1 AND seq >= $2", [chain, from]);
  await tamper("DELETE FROM timeline_entries WHERE chain = $1 AND seq >= $2", [chain, from]);
  await tamper(
    "UPDATE timeline_heads h SET seq = e.seq, hash = e.hash, at = e.at FROM timeline_entries e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2",
    [chain, from - 1],
  );
  await superuser.query(
    "INSERT INTO timeline_entries (chain, kind, actor_name, summary) SELECT chain, kind, actor_name, 'all was well' FROM again ORDER BY seq",
  );
}

describe("heads kept in a file", () => {
  test("are written once per change, at most once a minute, and at once when the incident closes", async () => {
    const settings = settingsFor({ file: newFile() });
    const chain = randomUUID();
    await add(chain, 3);
    const now = () => keepHeads({ ctx: { db, settings, key: signingKey(settings) } });
    expect(await now()).toBeGreaterThan(0);
    expect(await now()).toBe(0);
    await add(chain, 1);
    expect(await now()).toBe(0);
    expect(await keep(settings)).toBe(1);
    await add(chain, 1, "incident.closed");
    expect(await now()).toBe(1);
    const lines = (await readFile(settings.TIMELINE_HEADS_FILE ?? "", "utf8")).trim().split("\n");
    const seqs = lines
      .map((line) => JSON.parse(line))
      .filter((head) => head.chain === chain)
      .map((head) => head.seq);
    expect(seqs).toEqual([3, 4, 5]);
    const verdict = await verify(settings, chain);
    expect(verdict).toMatchObject({ whole: true, entries: 5, outsideHeads: { checked: 3, problem: null } });
    expect(verdict.outsideHeads?.lastWrittenAt).toMatch(/^\d{4}-/);
  });

  test("find a tail that was cut together with its head row", async () => {
    const settings = settingsFor({ file: newFile() });
    const chain = randomUUID();
    await add(chain, 8);
    await keep(settings);
    await tamper("DELETE FROM timeline_entries WHERE chain = $1 AND seq > 5", [chain]);
    await tamper(
      "UPDATE timeline_heads h SET seq = e.seq, hash = e.hash, at = e.at FROM timeline_entries e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = 5",
      [chain],
    );
    expect(await verifyTimeline({ ctx: { db, outside: null }, input: { chain } })).toMatchObject({ whole: true });
    expect(await verify(settings, chain)).toMatchObject({
      whole: false,
      firstBad: { seq: 6, problem: expect.stringMatching(/kept outside.*tail was cut off/) },
    });
    await add(chain, 10); // grown over it again
    expect(await verify(settings, chain)).toMatchObject({ whole: false, firstBad: { seq: 8 } });
  });

  test("find a record that was written anew from an entry on, with hashes that fit", async () => {
    const settings = settingsFor({ file: newFile() });
    const chain = randomUUID();
    await add(chain, 3);
    await keep(settings);
    await add(chain, 4);
    await keep(settings);
    await rewriteFrom(chain, 5);
    expect(await verifyTimeline({ ctx: { db, outside: null }, input: { chain } })).toMatchObject({ whole: true });
    expect((await verify(settings, chain)).firstBad).toMatchObject({
      seq: 7,
      problem: expect.stringMatching(/written anew somewhere from entry 4 to here/),
    });
    await keep(settings); // the later head is written too, and takes nothing away from the earlier one
    expect((await verify(settings, chain)).whole).toBe(false);
  });

  test("that were forged, torn, cut or lost are said to be so, and never believed", async () => {
    const settings = settingsFor({ file: newFile() });
    const file = settings.TIMELINE_HEADS_FILE ?? "";
    const chain = randomUUID();
    await add(chain, 2);
    await keep(settings);
    const whole = await readFile(file, "utf8");
    const forged = whole.replaceAll(/"hash":"[0-9a-f]{64}"/g, `"hash":"${"e".repeat(64)}"`);
    await writeFile(file, `${whole}${forged}{"chain":`);
    const verdict = await verify(settings, chain);
    expect(verdict.whole).toBe(true);
    expect(verdict.outsideHeads?.problem).toMatch(/signature that is not this console's.*cannot be read/);
    await add(chain, 1);
    await keep(settings); // ends the torn line first
    expect((await verify(settings, chain)).outsideHeads?.checked).toBe(2);
    await truncate(file, 0);
    expect((await verify(settings, chain)).outsideHeads).toMatchObject({
      checked: 0,
      problem: expect.stringMatching(/lacks the head of entry 3/),
    });
    await rm(file);
    expect((await verify(settings, chain)).outsideHeads?.problem).toMatch(/cannot be read/);
  });

  test("that cannot be written are tried again, and the verifier shows why", async () => {
    const chain = randomUUID();
    await add(chain, 1);
    const settings = settingsFor({ file: join(folder, "missing", "heads.jsonl") });
    await superuser.query("DELETE FROM timeline_anchors");
    expect(await keep(settings)).toBe(0);
    expect((await verify(settings, chain)).outsideHeads?.problem).toMatch(/last attempt failed/);
  });
});

test("a webhook gets the same signed lines, again after a failure, and the verifier says that it cannot be asked", async () => {
  const settings = settingsFor({ webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/heads` });
  const chain = randomUUID();
  await add(chain, 2);
  answer = 503;
  expect(await keep(settings)).toBe(0);
  expect((await verify(settings, chain)).outsideHeads).toMatchObject({
    problem: expect.stringMatching(/answered 503/),
  });
  answer = 200;
  expect(await keep(settings)).toBeGreaterThan(0);
  expect(posted.join("")).toContain(chain);
  expect((await verify(settings, chain)).outsideHeads).toMatchObject({
    checked: 0,
    source: "a webhook (told only)",
    problem: null,
  });
});

test("of two replicas one writes; the other takes over when the lease runs out", async () => {
  const [first, second] = [settingsFor({ file: newFile() }), settingsFor({ file: newFile() })];
  const written = async (settings: Kept) => readFile(settings.TIMELINE_HEADS_FILE ?? "", "utf8").catch(() => "");
  const until = async (done: () => Promise<boolean>) => {
    const end = Date.now() + 10_000;
    while (!(await done())) {
      if (Date.now() > end) throw new Error("it did not come to pass");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const chain = randomUUID();
  await add(chain, 1);
  await superuser.query("DELETE FROM timeline_anchors; DELETE FROM leases");
  const one = createHeadKeeper({ db, settings: first, everyMs: 20 });
  one.start();
  await until(async () => (await written(first)).includes(chain));
  const two = createHeadKeeper({ db, settings: second, everyMs: 20 });
  two.start();
  await one.stop();
  await superuser.query("DELETE FROM timeline_anchors");
  expect(await written(second)).toBe("");
  await superuser.query("UPDATE leases SET until = now() - interval '1 second' WHERE name = 'timeline-heads'");
  await until(async () => (await written(second)).includes(chain));
  await two.stop();
});
