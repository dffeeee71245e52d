import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pg from "pg";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { newPerson } from "@/sandbox/new-person";
import { eventually } from "@/sandbox/stand-in-witness";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { toEntries } from "@/sandbox/services/shared/streams";
import { drills } from "@/sandbox/supervisor/drills";
import type { Actor } from "@/server/auth/roles";
import { boundedRead } from "@/server/caracal/bounded-read";
import { newestMandates } from "@/server/caracal/newest-mandates";
import { readCapacity, rowsIngested } from "@/server/caracal/postgres-capacity";
import { kekFromSettings } from "@/server/keys/kek-source";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";

/** The playbook of audit's dead letters, on the stand-in's real ingestion. */
const deadLetters = "caracal.audit.events.dlq";
let attached: AttachedConsole;
let deployment: AttachedConsole["deployment"];
let owner: pg.Pool; // of the console's database, for moving its clocks
let remy: Actor;

beforeAll(async () => {
  attached = await attachConsole({ services: true });
  ({ deployment } = attached);
  owner = new pg.Pool({ connectionString: attached.own.migrateUrl, max: 1 });
  remy = await newPerson(attached.db, "remy", ["responder"], "Remy");
});
afterAll(async () => {
  await owner?.end();
  await attached?.close();
});

const ctx = () => ({
  db: attached.db,
  caracal: attached.caracal,
  keks: kekFromSettings(attached.settings),
  actor: remy,
});
const start = async (): Promise<string> =>
  (await startGuided({ ctx: ctx(), input: { playbook: "audit-dead-letters", reason: "They grow", drill: false } }))
    .runId;
const settle = (runId: string, step: string, more: { skip?: boolean; reason?: string } = {}) =>
  settleStep({ ctx: ctx(), input: { runId, step, skip: more.skip ?? false, reason: more.reason ?? null } });
const seen = async (runId: string, step: string): Promise<string> => {
  const [row] = await attached.db.query<{ seen: string }>(
    "SELECT seen FROM guided_steps WHERE run_id = $1 AND step = $2",
    [runId, step],
  );
  return row?.seen ?? "";
};
const letters = async () => toEntries(await attached.witness.redis.xrange(deadLetters, "-", "+"));
const honest = async () => (await letters()).filter(({ fields }) => fields.reason?.startsWith("transient_exceeded"));
/** As if so many seconds had gone by since the letters came. */
const secondsLater = (seconds: number) =>
  owner.query(`ALTER TABLE run_dead_letters DISABLE TRIGGER USER;
    UPDATE run_dead_letters SET received_at = received_at - interval '${seconds} s';
    ALTER TABLE run_dead_letters ENABLE TRIGGER USER`);
const application = () => deployment.seeded.zones[0]?.applications[0] ?? "";
const mint = () => attached.witness.mint("sts-1", 0, { client_secret: seededSecret(application()) });

describe("what Postgres can take", () => {
  test("rows of five minutes are counted over the index alone, as a count over the table gives them", async () => {
    for (let n = 0; n < 7; n += 1) await mint();
    const { rows: zones } = await attached.witness.owner.query<{ id: string }>("SELECT id FROM zones ORDER BY id");
    // Rows of the time before, so that the search has something to leave out.
    await attached.witness.owner.query(
      "UPDATE audit_events SET ingested_at = now() - interval '1 hour' WHERE zone_id = $1 AND chain_seq % 50 <> 0 AND chain_seq < 200",
      [zones[0]?.id],
    );
    await attached.witness.owner.query(
      "UPDATE audit_events SET ingested_at = now() - interval '2 hours' WHERE chain_seq < 300",
    );
    const count = async () => {
      const { rows } = await attached.witness.owner.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM audit_events WHERE ingested_at > now() - interval '5 minutes' AND zone_id IN (SELECT id FROM zones)",
      );
      return rows[0]?.n;
    };
    await eventually(async () => {
      const { pending } = (await attached.witness.group("caracal.audit.events", "audit-ingestor")) ?? { pending: 1 };
      expect(pending).toBe(0);
    });
    const explained = explainedDatabase(attached.caracal.db);
    const read = await boundedRead(explained, { timeoutMs: 5_000, narrow: "" }, (tx) => rowsIngested(tx, 5));
    expect(read).toEqual({ rows: await count(), more: false });
    expect(read.rows).toBeGreaterThan(0);
    const audit = explained.scans.filter(({ relation }) => relation.startsWith("audit_events"));
    expect(audit.length).toBeGreaterThan(0);
    expect(audit.filter(({ node }) => !node.startsWith("Index"))).toEqual([]);
    expect(Math.max(...audit.map(({ rows }) => rows))).toBeLessThanOrEqual(zones.length * 2);
  });

  test("the newest mandates are read from the end of the index on expiry", async () => {
    await attached.witness.owner.query("ANALYZE sessions");
    const explained = explainedDatabase(attached.caracal.db);
    const found = await boundedRead(explained, { timeoutMs: 5_000, narrow: "" }, newestMandates);
    const { rows } = await attached.witness.owner.query<{ per_call: number; ambient: number }>(
      `SELECT extract(epoch FROM max(expires_at) FILTER (WHERE expires_at - created_at <= interval '16 minutes')) * 1000 AS per_call,
              extract(epoch FROM max(expires_at) FILTER (WHERE expires_at - created_at > interval '16 minutes')) * 1000 AS ambient
         FROM sessions WHERE status = 'active' AND expires_at > now()`,
    );
    expect(found.ambient).toBeCloseTo(Number(rows[0]?.ambient), -1);
    expect(found.perCall).toBeCloseTo(Number(rows[0]?.per_call), -1);
    for (const { node, relation, rows: read } of explained.scans) {
      expect([relation, node.startsWith("Index")]).toEqual(["sessions", true]);
      expect(read).toBeLessThanOrEqual(1_000);
    }
  });

  test("our role sees connections and locks, not the statements of others, and says so", async () => {
    const capacity = await readCapacity(attached.caracal.db);
    expect(capacity).toMatchObject({ seesAll: false, slow: null, standby: false, readOnly: null, monthThere: true });
    expect(capacity.connections).toBeGreaterThan(3);
    expect(capacity.hidden).toBeGreaterThan(0);
    const client = await attached.witness.owner.connect();
    try {
      await client.query("BEGIN; LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE");
      await mint();
      await eventually(async () => expect((await readCapacity(attached.caracal.db)).auditLocks).toBeGreaterThan(0));
    } finally {
      await client.query("ROLLBACK");
      client.release();
    }
  });
});

test("Postgres read-only: honest events told apart, no way on before the cause is mended, and only rows prove a redrive", async () => {
  const runId = await start();
  await drills["poison-dlq"]?.run(deployment);
  await settle(runId, "detect");
  await settle(runId, "logs", { skip: true, reason: "Not of this test" });
  await drills["postgres-read-only"]?.run(deployment);
  for (let n = 0; n < 3; n += 1) await mint();
  await eventually(async () => expect((await honest()).length).toBeGreaterThanOrEqual(3), 60_000);

  await settle(runId, "causes");
  expect(await seen(runId, "causes")).toMatch(/\d+ honest events that Postgres could not take in time: redrive them/);
  expect(await seen(runId, "causes")).toMatch(/25 events with a wrong signature.*1 no event that could be read/);
  await settle(runId, "capacity");
  expect(await seen(runId, "capacity")).toContain(
    "Writes are switched off by ALTER DATABASE (default_transaction_read_only)",
  );
  expect(await seen(runId, "capacity")).toContain("Our role may not see the statements of others");
  await expect(settle(runId, "fix")).rejects.toThrow(/Writes are switched off|audit-1/);

  await drills["postgres-writable"]?.run(deployment);
  await eventually(
    async () => expect(settle(runId, "fix")).rejects.toThrow(/An honest event was given up \d+ s ago/),
    30_000,
  );
  await secondsLater(60);
  await eventually(() => settle(runId, "fix"), 30_000);

  await expect(settle(runId, "redrive")).rejects.toThrow(
    /honest events are not recorded yet and lie among the letters/,
  );
  const waiting = await honest();
  const [taken, ...rest] = waiting;
  await attached.witness.redis.xdel(deadLetters, taken?.id ?? "");
  for (const { id, fields } of rest) await giveBack(id, fields);
  // One was taken away and is recorded nowhere: neither done nor not done.
  await eventually(
    () =>
      expect(settle(runId, "redrive")).rejects.toThrow(
        /1 of \d+ honest events are neither recorded nor among the letters/,
      ),
    30_000,
  );
  await giveBack(taken?.id ?? "", taken?.fields ?? {});
  await eventually(() => settle(runId, "redrive"), 30_000);
  expect(await seen(runId, "redrive")).toBe(`All ${waiting.length} honest events are recorded.`);

  await settle(runId, "zero");
  expect(await seen(runId, "zero")).toMatch(/^\d+ letters are left, and none of them goes back/);
  await expect(settle(runId, "compliance")).rejects.toThrow(/Compliance has to be told: 26 letters are not recorded/);
  await tickCheck({ ctx: ctx(), input: { runId, step: "compliance", item: "compliance", note: "Cleo, by mail" } });
  await settle(runId, "compliance");
  await settle(runId, "gap");
  const [entry] = await attached.db.query<{ details: { figures: { name: string; value: string }[] } }>(
    "SELECT details FROM timeline_entries WHERE summary LIKE 'Step \"Write down the gap\"%' ORDER BY at DESC LIMIT 1",
  );
  const eventId = JSON.parse(taken?.fields.src_data ?? "{}").id as string;
  expect(entry?.details.figures.find(({ name }) => name === eventId)?.value).toBe("recorded");
  expect(entry?.details.figures.filter(({ value }) => String(value).startsWith("left among the letters"))).toHaveLength(
    26,
  );
  await finishGuided({ ctx: ctx(), input: { runId } });
}, 240_000);

/** What a redrive does with one: back as it was, and away from the letters. */
async function giveBack(id: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const back = Object.entries(fields).flatMap(([name, value]) =>
    name.startsWith("src_") ? [name.slice(4), value] : [],
  );
  await attached.witness.redis.xadd("caracal.audit.events", "*", ...back);
  await attached.witness.redis.xdel(deadLetters, id);
}
