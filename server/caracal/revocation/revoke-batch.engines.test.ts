import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { markDispatched } from "@/server/caracal/revocation/outbox-rows";
import { batchCeiling, type BatchTarget, revokeBatch } from "@/server/caracal/revocation/revoke-batch";
import { openDatabase, type Database, type Queryable } from "@/server/platform/postgres";

type PlanNode = {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly PlanNode[];
} & { readonly [removed: `Rows Removed by ${string}`]: number };

/** Rows that a plan touched: given and removed by filters and joins, of every node, loops counted. */
function touched(node: PlanNode): number {
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Join Filter"] ?? 0);
  const own = (node["Actual Rows"] + removed + (node["Rows Removed by Index Recheck"] ?? 0)) * node["Actual Loops"];
  return (node.Plans ?? []).reduce((sum, child) => sum + touched(child), own);
}

const zones = 50;
const used = [
  `INSERT INTO zones (id, org_id, name, slug, dek_ciphertext)
   SELECT 'zone-' || n, 'org', 'zone-' || n, 'zone-' || n, '\\x00' FROM generate_series(0, ${zones - 1}) AS n`,
  `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at)
   SELECT md5(n::text), 'zone-' || n % ${zones}, 'user', 'subject-' || n % 50, CASE WHEN n <= 20000 THEN 'active' ELSE 'revoked' END,
          now() + interval '1 hour' FROM generate_series(1, 100000) AS n`,
  `INSERT INTO agent_sessions (id, zone_id, application_id, session_sid)
   SELECT 'agent-' || n, 'zone-' || n % ${zones}, 'app', md5(n::text) FROM generate_series(1, 20000) AS n`,
  `INSERT INTO event_outbox (id, stream_name, payload_json)
   SELECT 'other-' || n, 'caracal.other', '{}' FROM generate_series(1, 50000) AS n`,
];

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: Database;
let owner: Database;
let plans: PlanNode[] = [];

/** Carries a statement out once, under EXPLAIN ANALYZE; what it would have given is not known. */
const explaining = (real: Queryable): Queryable => ({
  async query(sql, params) {
    const [row] = await real.query<{ "QUERY PLAN": readonly { readonly Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
      params,
    );
    for (const { Plan } of row?.["QUERY PLAN"] ?? []) plans.push(Plan);
    return [];
  },
});

beforeAll(async () => {
  caracal = await freshCaracalDatabase({ seed: "none" });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 60_000 });
  db = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 1, statementTimeoutMs: 10_000 });
  for (const sql of used) await owner.query(sql);
}, 120_000);

afterAll(async () => {
  await db?.close();
  await owner?.close();
  await caracal?.drop();
});

const batch = (first: number): BatchTarget[] =>
  Array.from({ length: batchCeiling }, (_, at) => ({
    sid: createHash("md5")
      .update(String(first + at))
      .digest("hex"),
    zoneId: `zone-${(first + at) % zones}`,
    outboxId: `ours-${first + at}`,
  }));

describe("the plans of a batch", () => {
  it("touch rows in proportion to the batch, with the statistics of a used database", async () => {
    await owner.query("VACUUM ANALYZE sessions, agent_sessions, event_outbox");
    const targets = batch(1);
    const ids = targets.map((target) => target.outboxId);
    plans = [];
    await revokeBatch(explaining(db), targets, { reason: "test", leaseHolder: "console:test" });
    await markDispatched(explaining(db), ids, "console:test");
    expect(plans).toHaveLength(2);
    for (const plan of plans) expect(touched(plan)).toBeLessThanOrEqual(20 * batchCeiling);
    const [done] = await owner.query<{ revoked: number; ended: number; dispatched: number }>(
      `SELECT (SELECT count(*)::int FROM sessions WHERE id = ANY ($1) AND status = 'revoked') AS revoked,
              (SELECT count(*)::int FROM agent_sessions WHERE session_sid = ANY ($1) AND status = 'terminated') AS ended,
              (SELECT count(*)::int FROM event_outbox WHERE id = ANY ($2) AND dispatched_at IS NOT NULL) AS dispatched`,
      [targets.map((target) => target.sid), ids],
    );
    expect(done).toEqual({ revoked: batchCeiling, ended: batchCeiling, dispatched: batchCeiling });
  });

  it("leave a session alone that is named with another zone than its own", async () => {
    const pair = batch(5_001).slice(0, 2); // zones 1 and 2
    const named = pair.map((target, at) => ({ ...target, zoneId: at === 0 ? "zone-2" : target.zoneId }));
    const { flipped } = await revokeBatch(db, named, { reason: "test", leaseHolder: null });
    expect(flipped).toEqual([pair[1]?.sid]);
  });
});
