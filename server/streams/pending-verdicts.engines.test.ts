import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import { forgetReads } from "@/server/platform/shared-read";
import { openDatabase } from "@/server/platform/postgres";
import { listPending } from "@/server/streams/list-pending";

let stage: KeyStage;
beforeAll(async () => {
  stage = await openKeyStage();
});
afterAll(() => stage.close());

const auditStream = "caracal.audit.events";
const revocations = "caracal.sessions.revoke";

function event(decision = "allow", id = randomUUID() as string): { id: string; data: string } {
  const data = JSON.stringify({
    id,
    zone_id: "z",
    event_type: "token_exchange",
    request_id: "r",
    decision,
    evaluation_status: "ok",
    determining_policies_json: [1.5],
    diagnostics_json: {},
    occurred_at: "2026-11-20T02:14:31.123456999Z",
  });
  return { id, data };
}

/** The row that ingestion makes of it: microseconds truncated, the hash over what arrived. */
async function record(data: string, over: { hash?: string } = {}): Promise<void> {
  const copy = readStreamCopy(data, "");
  await stage.caracalOwner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, determining_policies_json, diagnostics_json, occurred_at, content_sha256, chain_hmac, chain_seq, ingest_signature)
     VALUES ($1, 'z', 'token_exchange', 'r', 'allow', 'ok', '[1.5]', '{}', '2026-11-20T02:14:31.123456Z', $2, '', 1, '')`,
    [copy?.columns.id, over.hash ?? copy?.content],
  );
}

async function pendingIn(stream: string, group: string, entries: readonly Record<string, string>[]): Promise<string[]> {
  const { redis } = stage.caracal;
  await redis.del(stream);
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  const ids: string[] = [];
  for (const fields of entries) ids.push(String(await redis.xadd(stream, "*", ...Object.entries(fields).flat())));
  await redis.xreadgroup("GROUP", group, "worker-0", "COUNT", "100", "STREAMS", stream, ">");
  return ids;
}
async function verdicts(stream: string, group: string, caracal = stage.caracal) {
  forgetReads(caracal.redis);
  const { entries } = await listPending({ ctx: { caracal }, input: { stream, group, limit: 50 } });
  return entries.map(({ verdict }) => (verdict === null ? null : [verdict.kind, verdict.proved]));
}

test("audit events: recorded, recorded otherwise, missing, unreadable, trimmed while pending", async () => {
  const [recorded, conflicting, missing] = [event(), event(), event()];
  await record(recorded.data);
  await record(conflicting.data, { hash: "0".repeat(64) });
  const entries = [recorded, conflicting, missing].map(({ id, data }) => ({ id, data, sig: "x" }));
  const ids = await pendingIn(auditStream, "audit-ingestor", [
    ...entries,
    { note: "no data" },
    { data: "{}", sig: "" },
  ]);
  await stage.caracal.redis.xdel(auditStream, ids[4] ?? "");
  const expected = [
    ["recorded", true],
    ["conflict", false],
    ["missing", false],
    ["unknown", false],
    ["gone", false],
  ];
  expect(await verdicts(auditStream, "audit-ingestor")).toEqual(expected);

  await pendingIn(auditStream, "siem-export", entries.slice(0, 1));
  expect(await verdicts(auditStream, "siem-export")).toEqual([["recorded", false]]); // what SIEM did cannot be told

  const away = openDatabase({
    url: "postgres://x@127.0.0.1:9/x",
    label: "Caracal's Postgres",
    max: 1,
    statementTimeoutMs: 500,
  });
  expect(await verdicts(auditStream, "siem-export", { ...stage.caracal, db: away })).toEqual([["unknown", false]]);
  await away.close();
});

test("the rows are found by the primary key, partition by partition", async () => {
  const plan = await stage.caracal.db.transaction(async (tx) => {
    await tx.query("SET LOCAL enable_seqscan = off");
    await tx.query("SET LOCAL enable_bitmapscan = off");
    return tx.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT k.n FROM unnest(ARRAY['a'], ARRAY[now()]) WITH ORDINALITY AS k (id, at, n)
         JOIN audit_events a ON a.id = k.id AND a.occurred_at = k.at`,
    );
  });
  const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
  expect(text).toMatch(/Index (Only )?Scan using audit_events\w*_pkey/);
  expect(text).not.toContain("Seq Scan on audit");
});

test("revocations: applied, not applied, expired, unknown sessions, and what resource servers hold", async () => {
  const zone = await stage.newZone();
  await stage.caracalOwner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES
       ('s-revoked', $1, 'user', 'u', 'revoked', now() + interval '1 hour'),
       ('s-active', $1, 'user', 'u', 'active', now() + interval '1 hour'),
       ('s-expired', $1, 'user', 'u', 'active', now() - interval '1 minute')`,
    [zone],
  );
  const entries = ["s-revoked", "s-active", "s-expired", "s-none", ""].map((session_id) => ({
    zone_id: zone,
    session_id,
  }));
  await pendingIn(revocations, "sts-revocation", entries);
  const expected = [
    ["applied", true],
    ["not-applied", false],
    ["applied", true],
    ["unknown", false],
    ["unknown", false],
  ];
  expect(await verdicts(revocations, "sts-revocation")).toEqual(expected);
  await pendingIn(revocations, "resource-revocation", entries.slice(0, 1));
  expect(await verdicts(revocations, "resource-revocation")).toEqual([["not-applied", false]]);
  await stage.caracal.redis.set("caracal:revoked:sessions:s-revoked", "1");
  expect(await verdicts(revocations, "resource-revocation")).toEqual([["applied", true]]);
  await pendingIn(revocations, "somebody-else", entries.slice(0, 1));
  expect(await verdicts(revocations, "somebody-else")).toEqual([["applied", false]]);
});
