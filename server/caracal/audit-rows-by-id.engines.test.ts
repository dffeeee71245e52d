import { afterAll, beforeAll, expect, test } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { contentsOf, rowsById } from "@/server/caracal/audit-rows-by-id";
import { type Database, openDatabase, type Queryable } from "@/server/platform/postgres";

type PlanNode = {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly PlanNode[];
};

const stored = 40_000; // events over the newest twelve weeks
const asked = 200;

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let owner: Database;
let db: Database;
let filled: ReadonlySet<string>; // partitions that hold anything: what an empty one is read by says nothing

beforeAll(async () => {
  caracal = await freshCaracalDatabase({ seed: "none" });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 60_000 });
  db = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 1, statementTimeoutMs: 10_000 });
  await owner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, occurred_at, content_sha256)
     SELECT 'event-' || n, 'zone-' || n % 20, 'token_exchange', 'request-' || n, 'allow', 'complete',
            now() - make_interval(mins => 3 * n), md5(n::text) FROM generate_series(1, ${stored}) AS n`,
  );
  await owner.query("VACUUM ANALYZE audit_events");
  const partitions = await owner.query<{ name: string }>(
    "SELECT DISTINCT tableoid::regclass::text AS name FROM audit_events",
  );
  filled = new Set(partitions.map(({ name }) => name));
}, 120_000);
afterAll(async () => {
  await db?.close();
  await owner?.close();
  await caracal?.drop();
});

/** What the plan of a lookup does with the partitions that hold events: one node each. The statement is run under EXPLAIN. */
async function scansOf(lookup: (tx: Queryable) => Promise<unknown>): Promise<PlanNode[]> {
  const scans: PlanNode[] = [];
  const collect = (node: PlanNode): void => {
    if (filled.has(node["Relation Name"] ?? "")) scans.push(node);
    node.Plans?.forEach(collect);
  };
  await lookup({
    async query(sql, params) {
      const [row] = await db.query<{ "QUERY PLAN": readonly { readonly Plan: PlanNode }[] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
        params,
      );
      row?.["QUERY PLAN"].forEach(({ Plan }) => {
        collect(Plan);
      });
      return [];
    },
  });
  return scans;
}

const probes = (scans: readonly PlanNode[]) => scans.reduce((sum, scan) => sum + scan["Actual Loops"], 0);
const byKeyOnly = (scans: readonly PlanNode[]) => {
  expect(new Set(scans.map((scan) => scan["Relation Name"]))).toEqual(filled);
  for (const scan of scans) {
    expect(scan["Node Type"]).toMatch(/^Index (Only )?Scan$/);
    expect(scan["Index Name"]).toMatch(/_pkey$/);
    expect(scan["Rows Removed by Filter"] ?? 0).toBe(0);
  }
};

/** Events spread over everything that is stored; every tenth is one that is not there. */
const wanted = async () => {
  const rows = await owner.query<{ id: string; at: string }>(
    "SELECT id, occurred_at::text AS at FROM audit_events WHERE substr(id, 7)::int % $1 = 0 ORDER BY id",
    [stored / asked],
  );
  return rows.map(({ id, at }, n) => ({ n, eventId: n % 10 === 0 ? `no-${id}` : id, occurredAt: at }));
};

test("by (id, occurred_at): one probe of one partition's key each", async () => {
  const events = await wanted();
  expect(events).toHaveLength(asked);
  const scans = await scansOf((tx) => contentsOf(tx, events));
  byKeyOnly(scans);
  expect(probes(scans)).toBe(asked);
  const found = await contentsOf(db, events);
  expect(found.map(({ n }) => n).sort((a, b) => a - b)).toEqual(events.map(({ n }) => n).filter((n) => n % 10 !== 0));
});

test("by id alone: at most one probe of every partition's key each, and no row but those asked for", async () => {
  const events = await wanted();
  const scans = await scansOf((tx) =>
    rowsById(
      tx,
      events.map(({ eventId }) => eventId),
    ),
  );
  byKeyOnly(scans);
  expect(probes(scans)).toBeLessThanOrEqual(asked * scans.length);
  expect(scans.reduce((sum, scan) => sum + scan["Actual Rows"] * scan["Actual Loops"], 0)).toBeLessThanOrEqual(asked);
});
