import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { explainedDatabase, type ExplainedDatabase } from "@/sandbox/engines/explain-database";
import { freshCaracalDatabase, freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import type { Actor } from "@/server/auth/roles";
import { declareIncident } from "@/server/incidents/declare-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import { exportWindow } from "@/server/keys/window/export-window";
import { windowAllows, windowIssuances, windowSessions } from "@/server/keys/window/read-window";
import { openDatabase, type Database } from "@/server/platform/postgres";

/** 200,000 sessions of three zones over ten days, and 200,000 events: the window is the last two of them. */
const volume = 200_000;
const since = "2026-11-21T00:00:00Z";
const until = "2026-11-23T00:00:00Z";
let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: ExplainedDatabase;
let owner: Database;
let console_: Database;
let sol: Actor;

const uuidAt = (at: string, n = 0) => {
  const hex = Date.parse(at).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${n.toString(16).padStart(12, "0")}`;
};
const session = (zone: string, subject: string, at: string, n: number, status = "active", minutes = 1) =>
  owner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at, created_at, authenticated_at)
     VALUES ($1, $2, 'user', $3, $4, now() + make_interval(mins => $6), $5, $5)`,
    [uuidAt(at, n), zone, subject, status, at, minutes],
  );

beforeAll(async () => {
  [caracal, own] = await Promise.all([freshCaracalDatabase(), freshConsoleDatabase()]);
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 2, statementTimeoutMs: 110_000 });
  await owner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) SELECT 'zone-' || n, 'org', 'Zone ' || n, 'zone-' || n, '\\x00' FROM generate_series(0, 4) AS n",
  );
  await owner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at, created_at, authenticated_at)
     SELECT substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7000-9000-' || lpad(to_hex(n), 12, '0'), 'zone-' || n % 3, 'application',
            'subject-' || n % 300, 'active', at + interval '15 minutes', at, at
       FROM generate_series(1, ${volume}) AS n
      CROSS JOIN LATERAL (SELECT timestamptz '2026-11-23T00:00:00Z' - n * interval '4.32 seconds' AS at) AS time
      CROSS JOIN LATERAL (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms) AS hex`,
  );
  await owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, policy_set_version_id, occurred_at, chain_seq)
     SELECT 'event-' || n, 'zone-' || n % 3, 'token_exchange', 'r', CASE WHEN n % 10 = 0 THEN 'deny' ELSE 'allow' END, 'complete',
            jsonb_build_object('resource', 'resource://ledger/' || n % 2), 'version-1', timestamptz '2026-11-23T00:00:00Z' - n * interval '4.32 seconds', n
       FROM generate_series(1, ${volume}) AS n`,
  );
  await session("zone-3", "a newcomer", "2026-11-22T03:00:00.010Z", 1, "active", 60);
  await session("zone-3", "a newcomer", "2026-11-22T04:00:00Z", 2, "active", -60); // marked active, expired
  await session("zone-3", "a newcomer", "2026-11-22T05:00:00Z", 3, "revoked", 60);
  await session("zone-3", "an old one", "2026-11-20T05:00:00Z", 4);
  await session("zone-3", "an old one", "2026-11-22T05:00:00Z", 5);
  await session("zone-4", "a newcomer", "2026-11-20T05:00:00Z", 6); // another zone: not what makes it old in zone-3
  await session("zone-4", "at the start", "2026-11-21T00:00:00Z", 7);
  await session("zone-4", "at the end", "2026-11-23T00:00:00Z", 8);
  await session("zone-4", "=HYPERLINK(1)", "2026-11-22T05:00:00Z", 9);
  await owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at, chain_seq)
     SELECT id, zone, 'token_exchange', 'r', decision, 'complete', '{"resource": "resource://vault"}', at::timestamptz, 1 FROM (VALUES
       ('near', 'zone-3', 'allow', '2026-11-22T03:00:00.022Z'), ('nearer, denied', 'zone-3', 'deny', '2026-11-22T03:00:00.011Z'),
       ('nearer, elsewhere', 'zone-4', 'allow', '2026-11-22T03:00:00.011Z'), ('too far', 'zone-3', 'allow', '2026-11-22T04:00:00.200Z')) AS e (id, zone, decision, at)`,
  );
  await Promise.all([owner.query("VACUUM (ANALYZE) sessions"), owner.query("VACUUM (ANALYZE) audit_events")]);
  await owner.query("ANALYZE zones");
  db = explainedDatabase(
    openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 30_000 }),
  );
  console_ = openDatabase({ url: own.url, label: "console", max: 2, statementTimeoutMs: 5_000 });
  sol = await newPerson(console_, "sol", ["security"], "Sol");
}, 120_000);
afterAll(async () => {
  await Promise.all([db?.close(), owner?.close(), console_?.close()]);
  await Promise.all([caracal?.drop(), own?.drop()]);
});
beforeEach(() => db.forget());

const ctx = () => ({ caracal: { db } });
const inZone = (zoneId: string | null, more: object = {}) => ({ since, until, zoneId, limit: 100, ...more });

/** Only indexes were walked, and no more rows than that were looked at. */
function expectBounded(most: number): void {
  const read = db.scans.filter(({ relation }) => /^(sessions|audit_events)/.test(relation));
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter(({ node }) => !/^Index (Only )?Scan/.test(node))).toEqual([]);
  expect(read.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(most);
}

describe("issuances of the window", () => {
  test("subjects new in a zone come first; expired ones are not live; the end is not part of it", async () => {
    const { rows } = await windowIssuances({ ctx: ctx(), input: inZone("zone-3") });
    expect(rows.map(({ subjectId, isNew, count, live }) => ({ subjectId, isNew, count, live }))).toEqual([
      { subjectId: "a newcomer", isNew: true, count: 3, live: 1 },
      { subjectId: "an old one", isNew: false, count: 1, live: 1 },
    ]);
    expect(rows[0]).toMatchObject({ zone: { name: "Zone 3" }, first: "2026-11-22T03:00:00.010000Z" });
    const four = await windowIssuances({ ctx: ctx(), input: inZone("zone-4") });
    expect(four.rows.map(({ subjectId }) => subjectId).sort()).toEqual(["=HYPERLINK(1)", "at the start"]);
  });

  test("two days of ten are read over ids, and pages hold each group once", async () => {
    const first = await windowIssuances({ ctx: ctx(), input: inZone(null) });
    expectBounded(85_000); // 40,000 sessions of the window, and at worst each once more in the looks back
    expect(first).toMatchObject({ sessions: 40_006, cut: null });
    const seen = first.rows.map(({ zone, subjectId }) => `${zone.id} ${subjectId}`);
    for (let cursor = first.nextCursor; cursor !== null; ) {
      const page = await windowIssuances({ ctx: ctx(), input: inZone(null, { cursor }) });
      seen.push(...page.rows.map(({ zone, subjectId }) => `${zone.id} ${subjectId}`));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(first.subjects);
    expect(new Set(seen).size).toBe(first.subjects);
    expect(seen.slice(0, 3).sort()).toEqual(["zone-3 a newcomer", "zone-4 =HYPERLINK(1)", "zone-4 at the start"]);
  });

  test("a window that is none is refused", async () => {
    await expect(windowIssuances({ ctx: ctx(), input: { ...inZone(null), until: since } })).rejects.toThrow(
      /ends before/,
    );
    await expect(
      windowIssuances({ ctx: ctx(), input: { ...inZone(null), since: "2026-11-01T00:00:00Z" } }),
    ).rejects.toThrow(/7 days long at most/);
    await expect(windowIssuances({ ctx: ctx(), input: { ...inZone(null), since: "yesterday" } })).rejects.toThrow(
      /since/,
    );
  });
});

test("allow events are counted by zone, resource and policy version, over the index of zone and time", async () => {
  const { rows, cut } = await windowAllows({ ctx: ctx(), input: inZone(null) });
  expectBounded(60_000);
  expect(cut).toBeNull();
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(36_000 + 3);
  expect(rows.find(({ zone }) => zone.id === "zone-3")).toMatchObject({
    resource: "resource://vault",
    count: 2,
    policySetVersionId: null,
  });
  const small = await windowAllows({ ctx: ctx(), input: inZone(null, { limit: 2 }) });
  const next = await windowAllows({ ctx: ctx(), input: inZone(null, { limit: 500, cursor: small.nextCursor }) });
  expect([...small.rows, ...next.rows]).toEqual(rows);
});

test("a session is given its likely event: the nearest allow of its zone within 50 ms, and how many there were", async () => {
  const input = { since, until, zoneId: "zone-3", subjectId: "a newcomer", limit: 50 };
  const { rows } = await windowSessions({ ctx: ctx(), input });
  expectBounded(1_000);
  expect(rows.map(({ live, likely, candidates }) => [live, likely?.id ?? null, candidates])).toEqual([
    [false, null, 0],
    [false, null, 0],
    [true, "near", 1],
  ]);
  expect(rows[2]?.likely).toMatchObject({
    resource: "resource://vault",
    apartMs: 12,
    occurredAt: "2026-11-22T03:00:00.022000Z",
  });
  const one = await windowSessions({ ctx: ctx(), input: { ...input, limit: 1 } });
  const rest = await windowSessions({ ctx: ctx(), input: { ...input, cursor: one.nextCursor } });
  expect([...one.rows, ...rest.rows]).toEqual(rows);
});

describe("the export", () => {
  const made = (actor: Actor, incidentId?: string) =>
    exportWindow({
      ctx: { db: console_, caracal: { db }, actor },
      input: { since, until, zoneId: "zone-4", incidentId },
    });

  test("is on the incident's record with its digest, and no cell of it is a formula", async () => {
    const { incidentId } = await declareIncident({
      ctx: { db: console_, actor: sol },
      input: declareIncidentInput.parse({ title: "KEK compromised", severity: "P1", restricted: true }),
    });
    const { bytes, sha256 } = await made(sol, incidentId);
    const text = bytes.toString();
    expect(text).toContain("issuance,zone-4,Zone 4,'=HYPERLINK(1),user,true,1,");
    expect(text).toContain("allow,zone-4,Zone 4,resource://vault,,,1,");
    const [entry] = await console_.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = 'export.made'",
      [incidentId],
    );
    expect(entry?.summary).toContain(sha256);
    const stranger: Actor = { id: randomUUID(), name: "Somebody", roles: ["responder"] };
    await expect(made(stranger, incidentId)).rejects.toMatchObject({ code: "not_found" });
  });
});
