import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { explainedDatabase, type ExplainedDatabase } from "@/sandbox/engines/explain-database";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { listSessions } from "@/server/sessions/list-sessions";
import { listSessionsInput, type SessionRow } from "@/server/sessions/schemas";

const sessionCount = 1_000_000;

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

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: ExplainedDatabase;
let owner: Database;

beforeAll(async () => {
  caracal = await freshCaracalDatabase();
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 2, statementTimeoutMs: 110_000 });
  for (const statement of sessionsSql.split(";\n")) await owner.query(statement);
  await owner.query("VACUUM (ANALYZE) sessions");
  await owner.query("ANALYZE zones");
  db = explainedDatabase(
    openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 5_000 }),
  );
}, 120_000);

afterAll(async () => {
  await db?.close();
  await owner?.close();
  await caracal?.drop();
});

beforeEach(() => db.forget());

const big = /^sessions/;

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
