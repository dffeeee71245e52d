import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import {
  freshCaracalDatabase,
  freshConsoleDatabase,
  freshRedis,
  type FreshRedis,
} from "@/sandbox/engines/test-databases";
import { person, recordedIncident } from "@/sandbox/evidence-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVerdict } from "@/server/audit/get-verdict";
import { likelyEvents } from "@/server/audit/likely-events";
import { revealEvent } from "@/server/audit/reveal-event";
import type { Actor } from "@/server/auth/roles";
import { openDatabase, type Database } from "@/server/platform/postgres";

const recording = "sandbox/fixtures/recorded-incident/";
const keys = JSON.parse(readFileSync(`${recording}keys.json`, "utf8")) as { AUDIT_HMAC_KEY: string };
const { changes } = JSON.parse(readFileSync(`${recording}changes.json`, "utf8")) as {
  changes: { zone_id: string; chain_seq: number; event_id: string; kind: string; what: string }[];
};
const auditKey = Buffer.from(keys.AUDIT_HMAC_KEY, "hex");

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let redisEngine: FreshRedis;
let redis: Redis;
let own: ConsoleDatabase;
let db: Database;
let owner: Database;
let recordDb: Database;
let security: Actor;

beforeAll(async () => {
  [caracal, redisEngine, own] = await Promise.all([freshCaracalDatabase(), freshRedis(), freshConsoleDatabase()]);
  await loadRecordedIncident({ ownerUrl: caracal.ownerUrl, redisUrl: redisEngine.url, auditEvents: "after" });
  db = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 2, statementTimeoutMs: 5_000 });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
  recordDb = openDatabase({ url: own.url, label: "console", max: 3, statementTimeoutMs: 5_000 });
  redis = new Redis(redisEngine.url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, lazyConnect: true });
  redis.on("error", () => undefined);
  await redis.connect();
  security = await person(recordDb, "Sol Security", "security");
}, 120_000);

afterAll(async () => {
  redis?.disconnect();
  await Promise.all([db?.close(), owner?.close(), recordDb?.close()]);
  await Promise.all([caracal?.drop(), redisEngine?.drop(), own?.drop()]);
});

type Place = { readonly id: string; readonly occurredAt: string };
const place = async (where: string, params: readonly unknown[] = []): Promise<Place> => {
  const [row] = await owner.query<Place>(
    `SELECT id, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt" FROM audit_events WHERE ${where}`,
    params,
  );
  if (row === undefined) throw new Error(`no event where ${where}`);
  return row;
};
const verdictOf = (input: Place, key: Buffer | null = auditKey) =>
  getVerdict({ ctx: { caracal: { db, redis }, auditKey: key }, input });
const still = changes.filter(({ kind }) => !["row_deleted", "tail_truncated"].includes(kind));

describe("the verdict on one event of the recording", () => {
  it.each(still.map((change) => [change.what, change] as const))("%s: told as what it is", async (_what, change) => {
    const verdict = await verdictOf(await place("id = $1", [change.event_id]));
    expect(verdict.finding).toBe(change.kind);
    expect(verdict.stream).toMatchObject({ state: "found", whole: true });
    if (change.kind === "column_changed") expect(verdict.changed.length).toBeGreaterThan(0);
    for (const { stored, signed } of verdict.changed) expect(stored).not.toBe(signed);
  });

  it("every row that nobody touched is proved by itself, its seal and the signed copy", async () => {
    const touched = new Set(changes.map((change) => change.event_id));
    const rows = await owner.query<Place>(
      `SELECT id, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt" FROM audit_events ORDER BY id LIMIT 120`,
    );
    for (const row of rows.filter(({ id }) => !touched.has(id))) {
      const verdict = await verdictOf(row);
      expect([row.id, verdict.finding, verdict.stream.state]).toEqual([row.id, null, "found"]);
      expect([verdict.hash, verdict.seal]).toEqual(["recovered", "right"]);
      expect(verdict.witnesses).toEqual(["stream", "seal"]);
    }
  }, 60_000);

  it("links name the neighbour, a missing one and the chain's ends", async () => {
    const gone = changes.find(({ kind }) => kind === "row_deleted");
    const before = await verdictOf(
      await place("zone_id = $1 AND chain_seq = $2", [gone?.zone_id, (gone?.chain_seq ?? 0) - 1]),
    );
    expect(before.next).toEqual({ link: "missing", rows: [] });
    expect(before.previous).toMatchObject({ link: "holds", rows: [{ chainSeq: (gone?.chain_seq ?? 0) - 2 }] });
    const after = await verdictOf(
      await place("zone_id = $1 AND chain_seq = $2", [gone?.zone_id, (gone?.chain_seq ?? 0) + 1]),
    );
    expect(after.previous).toEqual({ link: "missing", rows: [] });
    const first = await verdictOf(await place("zone_id = $1 AND chain_seq = 1", [gone?.zone_id]));
    expect(first.previous.link).toBe("end");
    const last = await verdictOf(
      await place("zone_id = $1 AND chain_seq = (SELECT max(chain_seq) FROM audit_events WHERE zone_id = $1)", [
        gone?.zone_id,
      ]),
    );
    expect(last.next.link).toBe("end");
    const rewritten = changes.find(({ kind }) => kind === "rewritten_without_key");
    const behind = await verdictOf(
      await place("zone_id = $1 AND chain_seq = $2", [rewritten?.zone_id, (rewritten?.chain_seq ?? 0) + 1]),
    );
    expect([behind.finding, behind.previous.link]).toEqual([null, "broken"]); // its own row is whole
  });

  it("under another key it is the key, not an attack; without one seal and stream are not heard", async () => {
    const honest = await place("chain_seq = 10 AND zone_id = $1", [changes[0]?.zone_id]);
    const other = await verdictOf(honest, Buffer.alloc(32, 9));
    expect([other.finding, other.keyDrift, other.seal]).toEqual([null, true, "unheard"]);
    const without = await verdictOf(honest, null);
    expect([without.finding, without.seal, without.stream.state]).toEqual([null, "unheard", "no key"]);
  });

  it("while Redis is away the row is judged by itself, and the stream is said to be unreachable", async () => {
    const honest = await place("chain_seq = 10 AND zone_id = $1", [changes[0]?.zone_id]);
    await redisEngine.stop();
    const verdict = await verdictOf(honest);
    expect([verdict.finding, verdict.stream.state, verdict.seal]).toEqual([null, "unreachable", "right"]);
    await redisEngine.start();
  });
});

describe("what leads from a session to its events", () => {
  it("by zone and time, nearest first", async () => {
    const [session] = await owner.query<{ id: string; zone_id: string; created: Date }>(
      `SELECT s.id, s.zone_id, s.created_at AS created FROM sessions s WHERE EXISTS (SELECT 1 FROM audit_events e
        WHERE e.zone_id = s.zone_id AND e.occurred_at BETWEEN s.created_at - interval '20 milliseconds' AND s.created_at + interval '20 milliseconds') LIMIT 1`,
    );
    const found = await likelyEvents({ ctx: { caracal: { db } }, input: { sessionId: session?.id ?? "" } });
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((event) => event.apartMs)).toEqual(found.map((event) => event.apartMs).sort((a, b) => a - b));
    for (const event of found) expect(event.apartMs).toBeLessThanOrEqual(50);
    await expect(likelyEvents({ ctx: { caracal: { db } }, input: { sessionId: "nobody" } })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("what is hidden in an event", () => {
  const secret = "hunter22";
  const put = async () => {
    await owner.query(
      `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
       VALUES ('hides', 'z', 'token_exchange', 'r', 'allow', 'complete', $1, '2026-11-23T20:00:00Z') ON CONFLICT DO NOTHING`,
      [`{"client_secret": "${secret}", "resource": "resource://x"}`],
    );
    return { id: "hides", occurredAt: "2026-11-23T20:00:00Z" };
  };
  const entries = () =>
    recordDb.query<{ chain: string; summary: string; details: unknown }>(
      "SELECT chain::text, summary, details FROM timeline_entries WHERE kind = 'evidence.revealed' ORDER BY at",
    );
  const reveal = (input: Place & { reason: string; incidentId?: string }, by: Database = recordDb) =>
    revealEvent({ ctx: { db: by, caracal: { db }, actor: security }, input });

  it("is given with a reason, and only what and why is on the record, before it is given", async () => {
    const event = await put();
    expect(JSON.stringify(await getAuditEvent({ ctx: { caracal: { db } }, input: event }))).not.toContain(secret);
    const shown = await reveal({ ...event, reason: "Which secret was it?" });
    expect(shown.metadata).toContain(secret);
    const [entry] = await entries();
    expect(entry?.summary).toContain("Which secret was it?");
    expect(JSON.stringify(entry)).not.toContain(secret);
    expect(entry?.details).toMatchObject({ parameters: { event: "hides", members: ["metadata: client_secret"] } });
  });

  it("goes on the incident's own timeline where one is named", async () => {
    const incidentId = await recordedIncident(recordDb, {
      lead: security,
      voter: await person(recordDb, "Ira Approver", "approver"),
    });
    await reveal({ ...(await put()), reason: "For the incident", incidentId });
    expect((await entries()).at(-1)?.chain).toBe(incidentId);
  });

  it("is not given when it cannot be put on the record", async () => {
    const away = openDatabase({
      url: "postgres://nobody@127.0.0.1:1/x",
      label: "console",
      max: 1,
      statementTimeoutMs: 500,
    });
    await expect(reveal({ ...(await put()), reason: "Nobody writes this down" }, away)).rejects.toMatchObject({
      code: "source_unreachable",
    });
    await away.close();
  });
});
