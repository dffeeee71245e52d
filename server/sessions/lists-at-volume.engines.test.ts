import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { explainedDatabase, type ExplainedDatabase } from "@/sandbox/engines/explain-database";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { searchAudit } from "@/server/audit/search-audit";
import { searchAuditInput } from "@/server/audit/schemas";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { listSessions } from "@/server/sessions/list-sessions";
import { listSessionsInput, type SessionRow } from "@/server/sessions/schemas";

const sessionCount = 1_000_000;
const eventsPerMonth = 120_000;

/** One million sessions of ten zones over 40 days: nine even zones, one with 300; 1 in 50 revoked, the last hour live. */
const sessionsSql = `
  INSERT INTO zones (id, org_id, name, slug, dek_ciphertext)
    SELECT 'zone-' || n, 'org', 'Zone ' || n, 'zone-' || lpad(n::text, 2, '0'), '\\x00' FROM generate_series(0, 9) AS n;
  INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at, created_at, authenticated_at)
    SELECT substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0'),
      'zone-' || CASE WHEN n % 3333 = 7 THEN 9 ELSE n % 9 END, CASE WHEN n % 5 = 0 THEN 'user' ELSE 'application' END,
      'subject-' || (n * 7919::bigint % 400), CASE WHEN n % 50 = 3 THEN 'revoked' ELSE 'active' END,
      at + interval '15 minutes', at, at
    FROM generate_series(1, ${sessionCount}) AS n
    CROSS JOIN LATERAL (SELECT now() - (${sessionCount} - n) * interval '3.456 seconds' AS at) AS time
    CROSS JOIN LATERAL (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms) AS hex;`;

/** Three months of events, the partitions of this month and the two before; every 20,000th carries a rare text. */
const eventsSql = `
  INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at, chain_seq)
    SELECT 'event-' || month || '-' || n, 'zone-' || (n % 9), CASE WHEN n % 5000 = 1 THEN 'jti_collision' ELSE 'token_exchange' END,
      'request-' || month || '-' || n / 3, CASE WHEN n % 10 = 0 THEN 'deny' ELSE 'allow' END, 'complete',
      jsonb_build_object('resource', CASE WHEN n % 20000 = 77 THEN 'resource://rare%_thing' ELSE 'resource://ledger' END),
      date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(months => month)
        + n * interval '20 seconds' + n % 7 * interval '1 microsecond', n
    FROM generate_series(0, 2) AS month CROSS JOIN generate_series(1, ${eventsPerMonth}) AS n;`;

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: ExplainedDatabase;
let owner: Database;
let month: { start: number; next: number };

beforeAll(async () => {
  caracal = await freshCaracalDatabase();
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 2, statementTimeoutMs: 110_000 });
  await Promise.all([
    owner.query(sessionsSql.split(";\n")[0] ?? "").then(() => owner.query(sessionsSql.split(";\n")[1] ?? "")),
    owner.query(eventsSql),
  ]);
  await Promise.all([owner.query("VACUUM (ANALYZE) sessions"), owner.query("VACUUM (ANALYZE) audit_events")]);
  await owner.query("ANALYZE zones");
  db = explainedDatabase(
    openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 5_000 }),
  );
  const now = new Date();
  month = {
    start: Date.UTC(now.getUTCFullYear(), now.getUTCMonth()),
    next: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1),
  };
}, 120_000);

afterAll(async () => {
  await db?.close();
  await owner?.close();
  await caracal?.drop();
});

beforeEach(() => db.forget());

const big = /^(sessions|audit_events)/;

/** Nothing big was read row by row from its beginning, and no more rows than `most` were looked at. */
function expectBounded(most: number): void {
  const read = db.scans.filter((scan) => big.test(scan.relation));
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter((scan) => !/^Index (Only )?Scan/.test(scan.node))).toEqual([]);
  expect(read.reduce((sum, scan) => sum + scan.rows, 0)).toBeLessThanOrEqual(most);
  db.forget();
}

const list = (question: Record<string, unknown>) =>
  listSessions({ ctx: { caracal: { db } }, input: listSessionsInput.parse(question) });

describe("sessions, a million of them", () => {
  const isNewestFirst = (rows: readonly SessionRow[]) =>
    expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).sort((a, b) => (a < b ? 1 : -1)));

  it.each([
    ["no filter", { state: "any" }, 2_100],
    ["live anywhere", { state: "live" }, 25_000],
    ["revoked anywhere", { state: "revoked" }, 25_000],
    ["expired anywhere", { state: "expired" }, 25_000],
    ["a big zone, any state", { zoneId: "zone-1", state: "any" }, 15_000],
    ["a big zone, live", { zoneId: "zone-1", state: "live" }, 15_000],
    ["a big zone, revoked", { zoneId: "zone-1", state: "revoked" }, 60_000],
    ["a small zone, revoked", { zoneId: "zone-9", state: "revoked" }, 700],
    ["a subject anywhere", { subjectId: "subject-3", state: "any" }, 10_000],
    ["a subject anywhere, live", { subjectId: "subject-3", state: "live" }, 10_000],
    ["a subject in a zone", { zoneId: "zone-1", subjectId: "subject-3", state: "any" }, 1_000],
    ["a subject in a zone, live", { zoneId: "zone-1", subjectId: "subject-3" }, 1_000],
    ["a subject in a zone, expired", { zoneId: "zone-1", subjectId: "subject-3", state: "expired" }, 2_000],
  ] as const)("%s: by index, bounded, on the first page and on the next", async (_name, question, most) => {
    const first = await list({ ...question, limit: 50 });
    expectBounded(most);
    isNewestFirst(first.rows);
    const wanted = "state" in question ? question.state : "live";
    for (const row of first.rows) {
      if (wanted !== "any") expect(row.state).toBe(wanted);
      if ("zoneId" in question) expect(row.zoneId).toBe(question.zoneId);
      if ("subjectId" in question) expect(row.subjectId).toBe(question.subjectId);
    }
    if (first.nextCursor === null) return;
    const second = await list({ ...question, limit: 50, cursor: first.nextCursor });
    expectBounded(most);
    const [lastOfFirst = "", firstOfSecond = ""] = [first.rows.at(-1)?.id, second.rows[0]?.id];
    expect(lastOfFirst > firstOfSecond).toBe(true);
  });

  it("pages of a subject give every row once, as a plain count has it", async () => {
    const [plain] = await owner.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM sessions WHERE zone_id = 'zone-1' AND subject_id = 'subject-3'",
    );
    const seen = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({
        zoneId: "zone-1",
        subjectId: "subject-3",
        state: "any",
        limit: 100,
        cursor,
      });
      for (const row of page.rows) seen.add(row.id);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(plain?.n).toBeGreaterThan(100);
    expect(seen.size).toBe(plain?.n);
  });

  it("live leaves out rows that are still marked active but are over (trap 5)", async () => {
    const page = await list({ zoneId: "zone-9", state: "expired", limit: 200 });
    expect(page.rows.length).toBeGreaterThan(100);
    expect(page.rows.every((row) => row.status === "active" && row.state === "expired")).toBe(true);
  });
});

describe("audit events, three months of them", () => {
  const search = (question: Record<string, unknown>) =>
    searchAudit({ ctx: { caracal: { db } }, input: searchAuditInput.parse(question) });
  const at = (ms: number) => new Date(ms).toISOString();
  const day = 86_400_000;
  const thisMonth = () => ({ since: at(month.start), until: at(month.start + 20 * day) });

  it.each([
    ["one zone", { zoneId: "zone-1" }, 200],
    ["every zone", {}, 130_000], // the loose scan over zones counts index entries
    ["a decision in a zone", { zoneId: "zone-1", decision: "deny" }, 12_000],
    ["a rare type in a zone", { zoneId: "zone-1", eventType: "jti_collision" }, 60_000],
    ["a request", { requestId: "request-0-1000" }, 10],
  ] as const)(
    "%s: by index on this month's partition only, at the head and at depth",
    async (_name, question, most) => {
      const head = await search({ ...thisMonth(), ...question });
      expect(head.rows.length).toBeGreaterThan(0);
      expect(
        new Set(db.scans.filter((scan) => scan.relation.startsWith("audit")).map((scan) => scan.relation)).size,
      ).toBe(1);
      expectBounded(most);
      const deep = await search({ since: at(month.start), until: at(month.start + 2 * day), ...question });
      expectBounded(most);
      for (const row of deep.rows) expect(Date.parse(row.occurredAt)).toBeLessThan(month.start + 2 * day);
      if (head.nextCursor === null) return;
      const next = await search({ ...thisMonth(), ...question, cursor: head.nextCursor });
      expectBounded(most);
      expect((next.rows[0]?.occurredAt ?? "") <= (head.rows.at(-1)?.occurredAt ?? "")).toBe(true);
    },
  );

  it("walks a window across partitions, each event once and in order, microseconds kept", async () => {
    const window = { since: at(month.start - 3_600_000 * 24 * 10), until: at(month.start + 3_600_000) };
    const [plain] = await owner.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM audit_events WHERE zone_id = 'zone-2' AND occurred_at >= $1 AND occurred_at < $2",
      [window.since, window.until],
    );
    const keys: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof search>> = await search({
        ...window,
        zoneId: "zone-2",
        limit: 200,
        cursor,
      });
      keys.push(...page.rows.map((row) => `${row.occurredAt} ${row.id}`));
      cursor = page.nextCursor;
      expectBounded(500);
    } while (cursor !== null);
    expect(plain?.n).toBeGreaterThan(200);
    expect(new Set(keys).size).toBe(plain?.n);
    expect(keys).toEqual([...keys].sort().reverse());
    expect(keys.some((key) => /\.00000[1-6]Z/.test(key))).toBe(true);
  });

  it("text is found literally within a day, and a longer window is refused", async () => {
    const since = month.start;
    const found = await search({ since: at(since), until: at(since + day), zoneId: "zone-5", text: "RARE%_thing" });
    expect(found.rows.map((row) => row.id)).toEqual(["event-0-77"]);
    expect(found.scannedUntil).toBeNull();
    expectBounded(2_000);
    expect((await search({ since: at(since), until: at(since + day), text: "rare_%" })).rows).toEqual([]);
    await expect(search({ since: at(since), until: at(since + day + 1), text: "rare" })).rejects.toMatchObject({
      code: "bad_input",
    });
  });

  it("one event with its likely sessions, by ids and not by scanning", async () => {
    const [session] = await owner.query<{ id: string; zoneId: string; at: string }>(
      `SELECT id, zone_id AS "zoneId", to_char(created_at AT TIME ZONE 'UTC' - interval '600 microseconds', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
       FROM sessions WHERE id < (SELECT max(id) FROM sessions) ORDER BY id DESC LIMIT 1`,
    );
    await owner.query(
      `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
       VALUES ('mine', $1, 'token_exchange', 'r', 'allow', 'complete', '{"b": 1, "a": 2}', $2)`,
      [session?.zoneId, session?.at],
    );
    const detail = await getAuditEvent({
      ctx: { caracal: { db } },
      input: { id: "mine", occurredAt: session?.at ?? "" },
    });
    expect(detail.occurredAt).toBe(session?.at);
    expect(detail.likelySessions).toMatchObject([{ id: session?.id, apartMs: 0.6 }]);
    expect(detail.metadata).toBe('{"a": 2, "b": 1}');
    expectBounded(100);
  });

  it("the vocabulary is what the week has, from a bounded sample", async () => {
    const words = await getVocabulary({ ctx: { caracal: { db } }, input: {} });
    expect(words).toEqual({
      eventTypes: expect.arrayContaining(["token_exchange"]),
      decisions: ["allow", "deny"],
      evaluationStatuses: ["complete"],
    });
    expectBounded(200_000);
  });
});
