import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshCaracalDatabase, freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { person } from "@/sandbox/evidence-stage/stage";
import type { Actor } from "@/server/auth/roles";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { answerAuditExport } from "@/server/trpc/answer-audit-export";
import type { TRPCContext } from "@/server/trpc/context";

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let own: ConsoleDatabase;
let db: Database;
let caracalDb: Database;
let owner: Database;
let responder: Actor;
let security: Actor;
let viewer: Actor;

const window = { since: "2026-11-07T00:00:00Z", until: "2026-11-08T00:00:00Z", zoneId: "exported" };
const many = 100_500;

beforeAll(async () => {
  [caracal, own] = await Promise.all([freshCaracalDatabase(), freshConsoleDatabase()]);
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 5_000 });
  caracalDb = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 10_000 });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 60_000 });
  responder = await person(db, "Dana Responder", "responder");
  security = await person(db, "Sol Security", "security");
  viewer = await person(db, "Vera Viewer", "viewer");
  await owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at, chain_seq)
     VALUES ('e-1', 'exported', 'token_exchange', '=HYPERLINK("http://evil")', 'allow', 'complete', '{"resource": "resource://x", "n": 12345678901234567890, "client_secret": "hunter22"}', '2026-11-07T10:00:00.000001Z', 1),
            ('e-2', 'exported', 'token_exchange', 'r,"2"', 'deny', 'complete', '{"requested": ["ada@example.org"]}', '2026-11-07T10:00:00.000002Z', 2),
            ('e-3', 'exported', 'jti_collision', 'r-3', 'deny', 'complete', NULL, '2026-11-07T11:00:00Z', NULL)`,
  );
  await owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, metadata_json, occurred_at, chain_seq)
     SELECT 'm-' || n, 'many', 'token_exchange', 'r', 'allow', 'complete', '{"resource": "resource://x"}', '2026-11-06T00:00:00Z'::timestamptz + n / 7 * interval '1 second', n
       FROM generate_series(1, ${many}) AS n`,
  );
}, 120_000);

afterAll(async () => {
  await Promise.all([db?.close(), caracalDb?.close(), owner?.close()]);
  await Promise.all([caracal?.drop(), own?.drop()]);
});

function ask(question: Record<string, unknown>, actor: Actor | null, origin = "http://console"): Promise<Response> {
  const console = { db, caracal: { db: caracalDb } } as Partial<TRPCContext["console"]> as TRPCContext["console"];
  const headers = { origin, host: "console", "content-type": "application/json" };
  const request = new Request("http://console/api/exports/audit", {
    method: "POST",
    headers,
    body: JSON.stringify({ ...window, ...question }),
  });
  return answerAuditExport(request, async () => ({ actor, signInId: "s", requestId: "req-9", request: null, console }));
}

type Entry = { kind: string; summary: string; actor_name: string; parameters: Record<string, unknown> };
const entries = () =>
  db.query<Entry>(
    "SELECT kind, summary, actor_name, details->'parameters' AS parameters FROM timeline_entries WHERE kind LIKE 'evidence.export%' ORDER BY seq",
  );

describe("an export of audit events", () => {
  it("as CSV opens in a spreadsheet without running anything, and hides what is sensitive", async () => {
    const answer = await ask({ format: "csv" }, responder);
    expect(answer.headers.get("content-disposition")).toBe(
      'attachment; filename="audit-events-exported-2026-11-07.csv"',
    );
    const text = await answer.text();
    const rows: Record<string, string>[] = parse(text, { columns: true });
    expect(rows.map((row) => row.id)).toEqual(["e-3", "e-2", "e-1"]);
    expect(rows[2]?.request_id).toBe(`'=HYPERLINK("http://evil")`);
    expect(rows[2]?.metadata_json).toContain('"n": 12345678901234567890');
    expect(rows[2]?.occurred_at).toBe("2026-11-07T10:00:00.000001Z");
    expect(text).not.toMatch(/hunter22|ada@example/);
  });

  it("as JSON lines keeps every digit; with a reason nothing is hidden", async () => {
    const lines = (await (await ask({ format: "jsonl", reason: "Court order 12/26" }, security)).text())
      .trim()
      .split("\n");
    expect(lines).toHaveLength(3);
    for (const line of lines) JSON.parse(line);
    expect(lines[2]).toContain('"n": 12345678901234567890');
    expect(lines[2]).toContain("hunter22");
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({
      chain_seq: 2,
      metadata_json: { requested: ["ada@example.org"] },
    });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ id: "e-3", chain_seq: null, metadata_json: null });
  });

  it("is on the record before its first byte, and again with its digest when it ended", async () => {
    const before = (await entries()).length;
    const answer = await ask({ format: "jsonl", decision: "deny", text: undefined }, responder);
    const begun = (await entries()).slice(before);
    expect(begun[0]).toMatchObject({ kind: "evidence.exported", actor_name: "Dana Responder" });
    expect(begun[0]?.parameters).toMatchObject({ zoneId: "exported", decision: "deny", reason: null });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const ended = (await entries()).slice(before)[1];
    expect(ended).toMatchObject({ kind: "evidence.export-ended" });
    expect(ended?.parameters).toMatchObject({
      export: begun[0]?.parameters.export,
      rows: 2,
      end: "whole",
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  it("ends at its bound with the newest events, and the record says so", async () => {
    const question = { format: "jsonl", zoneId: "many", since: "2026-11-06T00:00:00Z", until: "2026-11-07T00:00:00Z" };
    const text = await (await ask(question, responder)).text();
    const ids = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids.length).toBe(100_000);
    expect(new Set(ids).size).toBe(100_000);
    expect(ids[0]).toBe(`m-${many}`);
    expect((await entries()).at(-1)?.summary).toContain("cut at 100,000 events, the newest");
  }, 120_000);

  it("stops when nobody reads any more, frees its place, and the record says how far it came", async () => {
    const question = { format: "jsonl", zoneId: "many", since: "2026-11-06T00:00:00Z", until: "2026-11-07T00:00:00Z" };
    for (let n = 0; n < 4; n += 1) {
      const answer = await ask(question, responder);
      expect(answer.status).toBe(200); // two at once at most: the places before were freed
      const before = (await entries()).length;
      const reader = answer.body?.getReader();
      await reader?.read();
      await reader?.cancel();
      await expect.poll(async () => (await entries()).length).toBe(before + 1);
    }
    const last = (await entries()).at(-1);
    expect(last?.summary).toContain("cancelled");
    expect(Number(last?.parameters.rows)).toBeLessThan(20_000);
  });

  it("a third at once of one person waits its turn", async () => {
    const question = { format: "jsonl", zoneId: "many", since: "2026-11-06T00:00:00Z", until: "2026-11-07T00:00:00Z" };
    const before = (await entries()).length;
    const answers = [await ask(question, responder), await ask(question, responder)];
    expect((await ask(question, responder)).status).toBe(429);
    const other = await ask({ format: "csv" }, security);
    expect(other.status).toBe(200);
    await other.text();
    for (const answer of answers) await answer.body?.cancel();
    await expect
      .poll(async () => {
        const again = await ask({ format: "csv" }, responder);
        await again.text();
        return again.status;
      })
      .toBe(200);
    await expect.poll(async () => (await entries()).length).toBe(before + 2 * 4); // each of the four began and ended
  });

  it.each<[string, number, () => Promise<Response>]>([
    ["a viewer", 403, () => ask({ format: "csv" }, viewer)],
    ["nobody", 401, () => ask({ format: "csv" }, null)],
    [
      "a reason of somebody who may not see what is hidden",
      403,
      () => ask({ format: "csv", reason: "I want to see" }, responder),
    ],
    ["another origin", 403, () => ask({ format: "csv" }, security, "http://evil.example")],
    ["a reason too short", 400, () => ask({ format: "csv", reason: "why" }, security)],
    ["an unknown format", 400, () => ask({ format: "xls" }, security)],
    [
      "what no index covers, in every zone",
      412,
      () => ask({ format: "csv", zoneId: undefined, decision: "deny" }, security),
    ],
    [
      "an incident that is none",
      404,
      () => ask({ format: "csv", incidentId: "6f9619ff-8b86-4011-b42d-00c04fc964ff" }, security),
    ],
  ])("refuses %s with %i, in words and before anything is on the record", async (_name, status, request) => {
    const before = (await entries()).length;
    const answer = await request();
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { message: string }).message).toMatch(/[a-z]{3,}.*\./);
    expect((await entries()).length).toBe(before);
  });
});
