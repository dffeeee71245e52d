import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { explainedDatabase, type ExplainedDatabase } from "@/sandbox/engines/explain-database";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { describeSearch } from "@/server/audit/describe-search";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { auditQuestion, searchAuditInput } from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import { openDatabase, type Database } from "@/server/platform/postgres";

const perMonth = 60_000;
const day = 86_400_000;

/** Three months of events in nine zones and one that Caracal does not know; every 5,000th is rare, every 20,000th carries a rare text. */
const eventsSql = `
  INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, policy_set_id, policy_set_version_id,
      determining_policies_json, metadata_json, occurred_at, chain_seq)
    SELECT 'event-' || month || '-' || n, CASE WHEN n % 3000 = 11 THEN 'strange' ELSE 'zone-' || (n % 9) END,
      CASE WHEN n % 5000 = 1 THEN 'jti_collision' ELSE 'token_exchange' END,
      CASE WHEN n % 3 = 0 THEN 'everybody' ELSE 'request-' || month || '-' || n / 3 END,
      CASE WHEN n % 10 = 0 THEN 'deny' ELSE 'allow' END, 'complete', 'set-' || n % 4, 'version-' || n % 40,
      jsonb_build_array(jsonb_build_object('policy', 'policy-' || n % 5)),
      CASE WHEN n % 7 = 3 THEN jsonb_build_object('requested', jsonb_build_array('resource://mail', 'resource://vault-' || n % 50))
           WHEN n % 20000 = 77 THEN '{"resource": "resource://rare%_thing"}' ELSE '{"resource": "resource://ledger"}' END,
      date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(months => month)
        + n * interval '40 seconds' + n % 7 * interval '1 microsecond', n
    FROM generate_series(0, 2) AS month CROSS JOIN generate_series(1, ${perMonth}) AS n`;

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: ExplainedDatabase;
let owner: Database;
let monthStart: number;

beforeAll(async () => {
  caracal = await freshCaracalDatabase();
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 2, statementTimeoutMs: 110_000 });
  await owner.query(
    `INSERT INTO zones (id, org_id, name, slug, dek_ciphertext)
     SELECT 'zone-' || n, 'org', 'Zone ' || n, 'zone-' || n, '\\x00' FROM generate_series(0, 9) AS n`,
  );
  await owner.query(eventsSql);
  await owner.query("VACUUM (ANALYZE) audit_events");
  db = explainedDatabase(
    openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 5_000 }),
  );
  const now = new Date();
  monthStart = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
}, 120_000);

afterAll(async () => {
  await db?.close();
  await owner?.close();
  await caracal?.drop();
});

beforeEach(() => db.forget());

/** No event was read but by an index, and no more of them than `most`. */
function expectBounded(most: number): Set<string> {
  const read = db.scans.filter((scan) => scan.relation.startsWith("audit_events") || scan.relation === "sessions");
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter((scan) => !/^Index (Only )?Scan/.test(scan.node))).toEqual([]);
  expect(read.reduce((sum, scan) => sum + scan.rows, 0)).toBeLessThanOrEqual(most);
  db.forget();
  return new Set(read.map((scan) => scan.relation));
}

const at = (ms: number) => new Date(ms).toISOString();
const search = (question: Record<string, unknown>) =>
  searchAudit({ ctx: { caracal: { db } }, input: searchAuditInput.parse(question) });
const describeIt = (question: Record<string, unknown>) =>
  describeSearch({ ctx: { caracal: { db } }, input: auditQuestion.parse(question) });
const thisMonth = () => ({ since: at(monthStart), until: at(monthStart + 20 * day) });
const aDay = () => ({ since: at(monthStart + 3 * day), until: at(monthStart + 4 * day) });

const filters = {
  eventType: "jti_collision",
  decision: "deny",
  evaluationStatus: "complete",
  resource: "resource://vault-3",
  policySetId: "set-2",
  policySetVersionId: "version-30",
  policy: "policy-0",
  text: "vault",
} as const;
const names = Object.keys(filters) as (keyof typeof filters)[];
const subsets = Array.from({ length: 2 ** names.length }, (_, bits) =>
  Object.fromEntries(names.filter((_name, n) => (bits >> n) & 1).map((name) => [name, filters[name]])),
);

describe("every question that the page can ask is led by an index, and bounded", () => {
  it("all combinations of filters in a zone, from the head", async () => {
    for (const subset of subsets) {
      await search({ ...("text" in subset ? aDay() : thisMonth()), zoneId: "zone-1", ...subset });
      expect(expectBounded(30_000).size, JSON.stringify(subset)).toBe(1); // this month's partition
    }
  }, 120_000);

  const questions: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["no filter", {}],
    ["a zone", { zoneId: "zone-1" }],
    ["a zone that Caracal does not know", { zoneId: "strange" }],
    ["a request", { requestId: "request-0-1000" }],
    ["a request in a zone", { requestId: "request-0-1000", zoneId: "zone-1" }],
    ["a request id of many in a zone", { requestId: "everybody", zoneId: "zone-3" }],
    ...names.map((name) => [`${name} in a zone`, { zoneId: "zone-1", [name]: filters[name] }] as const),
    ...names.map((name) => [`${name} of a request`, { requestId: "request-0-1000", [name]: filters[name] }] as const),
    ["everything in a zone", { zoneId: "zone-1", ...filters }],
  ];
  it.each(questions)(
    "%s: both ways, at the head, on the next page and back, with its histogram",
    async (_name, question) => {
      const window = "text" in question ? aDay() : thisMonth();
      for (const direction of ["older", "newer"] as const) {
        const head = await search({ ...window, ...question, direction });
        expectBounded(30_000);
        const cursor = direction === "older" ? head.older : head.newer;
        if (cursor === null) continue;
        const next = await search({ ...window, ...question, direction, cursor });
        expectBounded(30_000);
        const back = direction === "older" ? next.newer : next.older;
        await search({ ...window, ...question, direction: direction === "older" ? "newer" : "older", cursor: back });
        expectBounded(30_000);
      }
      await describeIt({ ...window, ...question });
      expectBounded(60_000);
    },
  );

  it("one event with its likely sessions, by ids and not by scanning", async () => {
    const occurredAt = at(monthStart + 1_000).replace("Z", "600Z");
    await owner.query(
      `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at, created_at)
       SELECT substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7000-8000-000000000001', 'zone-1', 'user', 'ada', 'active', now(), $1::timestamptz + interval '600 microseconds'
         FROM (SELECT lpad(to_hex((extract(epoch FROM $1::timestamptz) * 1000)::bigint), 12, '0') AS ms) AS hex`,
      [occurredAt],
    );
    await owner.query(
      `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at)
       VALUES ('mine', 'zone-1', 'token_exchange', 'r', 'allow', 'complete', '{"b": 1, "a": 2, "token": "t"}', $1)`,
      [occurredAt],
    );
    for (const input of [{ id: "mine", occurredAt }, { id: "mine" }]) {
      const detail = await getAuditEvent({ ctx: { caracal: { db } }, input });
      expect(detail.occurredAt).toBe(occurredAt);
      expect(detail.likelySessions).toMatchObject([{ subjectId: "ada", apartMs: 0.6 }]);
      expect(detail.metadata).toBe('{"a": 2, "b": 1, "token": "[redacted: secret]"}');
      expect(detail.hidden).toEqual(["metadata: token"]);
      expectBounded(100);
    }
  });

  it("the vocabulary is what the week has, from a bounded sample, with the zones that nobody knows", async () => {
    const words = await getVocabulary({ ctx: { caracal: { db } }, input: {} });
    expect(words).toEqual({
      eventTypes: expect.arrayContaining(["token_exchange"]),
      decisions: ["allow", "deny"],
      evaluationStatuses: ["complete"],
      strangeZones: ["strange"],
    });
    expectBounded(40_000);
  });
});

describe("what is found", () => {
  it.each(names.map((name) => [name, filters[name]] as const))("%s: as a plain WHERE finds it", async (name, value) => {
    const window = aDay();
    const where = {
      eventType: "event_type = $4",
      decision: "decision = $4",
      evaluationStatus: "evaluation_status = $4",
      resource: "metadata_json::text LIKE '%' || $4 || '\"%'",
      policySetId: "policy_set_id = $4",
      policySetVersionId: "policy_set_version_id = $4",
      policy: "determining_policies_json->0->>'policy' = $4",
      text: "metadata_json::text ILIKE '%' || $4 || '%'",
    }[name];
    const plain = await owner.query<{ id: string }>(
      `SELECT id FROM audit_events WHERE zone_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND ${where} ORDER BY occurred_at DESC`,
      ["zone-1", window.since, window.until, value],
    );
    const found = await search({ ...window, zoneId: "zone-1", [name]: value, limit: 200, deeper: true });
    expect(found.rows.map((row) => row.id)).toEqual(plain.slice(0, 200).map((row) => row.id));
    if (name !== "eventType") expect(plain.length).toBeGreaterThan(0);
  });

  it("the same by hand: the SQL that is shown finds the same, whatever is typed", async () => {
    const byHand = async (question: Record<string, unknown>) => {
      const { sql } = await describeIt(question);
      const statement = sql.split("\n").slice(2, -1).join("\n");
      return (await owner.query<{ id: string }>(statement)).map((row) => row.id);
    };
    for (const asked of [...names.map((name) => ({ [name]: filters[name] })), { requestId: "request-0-1000" }, {}]) {
      const question = { ...aDay(), zoneId: "zone-1", ...asked };
      expect(await byHand(question)).toEqual((await search({ ...question, deeper: true })).rows.map((row) => row.id));
    }
    const hostile = { ...aDay(), zoneId: "zone-1", text: "'); DROP TABLE audit_events; --", eventType: "a'b\\" };
    expect(await byHand(hostile)).toEqual([]);
  });

  it("a rare text over a day, literally; a longer window is refused", async () => {
    const since = monthStart;
    const found = await search({ since: at(since), until: at(since + day), zoneId: "zone-5", text: "RARE%_thing" });
    expect(found.rows.map((row) => row.id)).toEqual(["event-0-77"]);
    expect(found.stopped).toBeNull();
    const day1 = { since: at(since), until: at(since + day), zoneId: "zone-5" };
    expect((await search({ ...day1, text: "rare_%" })).rows).toEqual([]);
    await expect(search({ ...day1, until: at(since + day + 1), text: "rare" })).rejects.toMatchObject({
      code: "bad_input",
    });
  });

  it("what no index covers is not looked for in every zone", async () => {
    for (const name of names)
      await expect(search({ ...aDay(), [name]: filters[name] }), name).rejects.toMatchObject({
        code: "precondition_failed",
        message: expect.stringContaining("Pick a zone"),
      });
    await expect(search({ ...thisMonth(), requestId: "everybody" })).rejects.toMatchObject({
      code: "precondition_failed",
    });
  });

  it("the estimate and the histogram are near what is there, and say which buckets were counted", async () => {
    const [plain] = await owner.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM audit_events WHERE zone_id = 'zone-1' AND occurred_at >= $1 AND occurred_at < $2",
      [thisMonth().since, thisMonth().until],
    );
    const counted = await describeIt({ ...thisMonth(), zoneId: "zone-1" });
    const sum = (overview: typeof counted) =>
      overview.histogram?.buckets.reduce((total, bucket) => total + bucket.events, 0) ?? 0;
    expect(sum(counted)).toBe(plain?.n);
    expect(new Set(counted.histogram?.buckets.map((bucket) => bucket.how))).toEqual(new Set(["counted"]));
    expect(counted.estimate).toBeGreaterThan((plain?.n ?? 0) / 2);
    expect(counted.estimate).toBeLessThan((plain?.n ?? 0) * 2);

    const every = await describeIt(thisMonth()); // ten zones: at most 100 of each are looked at in a bucket
    const all = (plain?.n ?? 0) * 9;
    expect(every.histogram?.buckets.some((bucket) => bucket.how === "estimated")).toBe(true);
    expect(sum(every)).toBeGreaterThan(all / 2);
    expect(sum(every)).toBeLessThan(all * 2);

    const denied = await describeIt({ ...thisMonth(), zoneId: "zone-1", decision: "deny" });
    expect(sum(denied)).toBeGreaterThan(0);
    expect(sum(denied)).toBeLessThan(sum(counted) / 5);
  });
});
