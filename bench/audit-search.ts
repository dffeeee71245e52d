import { createCaracalDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { describeSearch } from "@/server/audit/describe-search";
import { exportEvents } from "@/server/audit/export-events";
import { auditQuestion, exportAuditInput, searchAuditInput } from "@/server/audit/schemas";
import { searchAudit } from "@/server/audit/search-audit";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { sizeOf } from "./flags";
import type { BenchEntry, BenchPart } from "./result";

const zones = 50;
const months = 4; // the partitions that a new schema has, this month the last
const searches = 300;
const day = 86_400_000;
const perStatement = 250_000;

/** So many events over four months and fifty zones, made inside Postgres; one zone in ten has nine tenths of them, as deployments have. */
async function fill(owner: Database, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += perStatement)
    await owner.query(
      `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, policy_set_id, policy_set_version_id,
          determining_policies_json, diagnostics_json, metadata_json, occurred_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac)
       SELECT 'event-' || n, 'zone-' || CASE WHEN n % 10 < 9 THEN n % 5 ELSE 5 + n / 10 % ${zones - 5} END,
         CASE WHEN n % 9973 = 0 THEN 'replay_detected' WHEN n % 997 = 0 THEN 'jti_collision' ELSE 'token_exchange' END, 'request-' || n / 3,
         CASE WHEN n % 11 = 0 THEN 'deny' ELSE 'allow' END, CASE WHEN n % 11 = 0 THEN 'exchange_denied' ELSE 'complete' END, 'set-' || n % 7, 'version-' || n % 70,
         '[{"policy": "read-ok", "weight": 1.5}]', '[]', jsonb_build_object('resource', 'resource://ledger/' || n % 400), $3::timestamptz + n * ($4::timestamptz - $3::timestamptz) / $5,
         n, md5(n::text) || md5(n::text), md5((n - 1)::text) || md5((n - 1)::text), md5(n::text) || md5(n::text)
         FROM generate_series($1::bigint, $2::bigint) AS n`,
      [from + 1, Math.min(rows, from + perStatement), ...span(), rows],
    );
}

/** From the start of the oldest partition to now. */
function span(): [string, string] {
  const now = new Date();
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (months - 1));
  return [new Date(start).toISOString(), now.toISOString()];
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** A question as somebody might ask it: a window anywhere, mostly one zone, and up to three filters. */
function randomQuestion(rows: number): Record<string, unknown> {
  const [start, end] = span().map(Date.parse) as [number, number];
  const hours = pick([0.25, 1, 24, 24, 168, 744]);
  const until = Math.random() < 0.5 ? end : start + Math.random() * (end - start);
  const question: Record<string, unknown> = {
    since: new Date(until - hours * 3_600_000).toISOString(),
    until: new Date(until).toISOString(),
  };
  const kind = Math.random();
  if (kind < 0.1) return question; // every zone
  if (kind < 0.25) return { ...question, requestId: `request-${Math.floor((Math.random() * rows) / 3)}` };
  question.zoneId = `zone-${Math.floor(Math.random() * zones)}`;
  const filters: Readonly<Record<string, () => string>> = {
    eventType: () => pick(["token_exchange", "replay_detected", "jti_collision", "never_seen"]),
    decision: () => pick(["allow", "deny", "partial"]),
    evaluationStatus: () => pick(["complete", "exchange_denied"]),
    resource: () => `resource://ledger/${Math.floor(Math.random() * 500)}`,
    policySetId: () => `set-${Math.floor(Math.random() * 8)}`,
    policySetVersionId: () => `version-${Math.floor(Math.random() * 80)}`,
    policy: () => pick(["read-ok", "base"]),
    ...(hours <= 24 ? { text: () => pick(["ledger/39", "vault", "ledger"]) } : {}),
  };
  for (let n = Math.floor(Math.random() * 4); n > 0; n -= 1) {
    const [name, value] = pick(Object.entries(filters));
    question[name] = value();
  }
  return question;
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

async function timed(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return took;
}

/** Peak of the heap in use and of buffers beside it while an export of so many events is read and thrown away, in MiB. */
async function exportPeak(caracal: Database, rows: number, most: number): Promise<{ peak: number; events: number }> {
  const recorded: Database = {
    ...caracal,
    query: async () => [],
    transaction: (work) => work({ query: async () => [] }),
  };
  const [since, until] = span();
  const made = await exportEvents({
    ctx: {
      db: recorded, // the record is not what is measured
      caracal: { db: caracal },
      actor: { id: "bench", name: "bench", roles: ["admin"] },
    },
    input: exportAuditInput.parse({
      since: new Date(Math.max(Date.parse(since), Date.parse(until) - 30 * day)).toISOString(),
      until,
      zoneId: "zone-1",
      format: "jsonl",
    }),
  });
  let events = 0;
  let peak = 0;
  for await (const chunk of made.chunks()) {
    for (const byte of chunk) if (byte === 10) events += 1;
    const { heapUsed, external } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + external);
    if (events >= Math.min(most, rows)) break;
  }
  return { peak: peak / 1_048_576, events };
}

/** The first page over random questions at so many rows (`--search-rows`, 10,000,000 works), and whether an export's memory stays flat. */
export async function search(): Promise<BenchPart> {
  const rows = sizeOf("search-rows", 1_000_000);
  const postgres = await startPostgres();
  const made = await createCaracalDatabase(postgres.url);
  const owner = openDatabase({ url: made.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 600_000 });
  const caracal = openDatabase({ url: made.url, label: "Caracal's Postgres", max: 4, statementTimeoutMs: 5_000 });
  try {
    await fill(owner, rows);
    await owner.query("VACUUM (ANALYZE) audit_events");
    const ctx = { caracal: { db: caracal } };
    const page = () => searchAudit({ ctx, input: searchAuditInput.parse(randomQuestion(rows)) });
    await timed(20, page); // connections and catalogues
    const first = await timed(searches, page);
    const overview = await timed(50, () => describeSearch({ ctx, input: auditQuestion.parse(randomQuestion(rows)) }));
    const few = await exportPeak(caracal, rows, 5_000);
    const many = await exportPeak(caracal, rows, 50_000);
    const p95 = percentile(first, 0.95);
    const entries: BenchEntry[] = [
      {
        bench: "audit",
        figure: `first page of a search at ${rows.toLocaleString("en")} rows, p95 of ${searches}`,
        value: p95,
        unit: "ms",
        against: null,
        ratio: null,
        goal: "value <= 200",
        pass: p95 <= 200,
      },
      {
        bench: "audit",
        figure: `memory of an export of ${many.events} events against ${few.events}`,
        value: many.peak,
        unit: "MiB",
        against: `${few.peak.toFixed(0)} MiB`,
        ratio: many.peak / few.peak,
        goal: "ratio <= 1.3",
        pass: many.peak / few.peak <= 1.3,
      },
    ];
    return {
      entries,
      notes: [
        { figure: "first page, median", value: percentile(first, 0.5), unit: "ms" },
        { figure: "first page, worst", value: Math.max(...first), unit: "ms" },
        { figure: "estimate and histogram, p95 of 50", value: percentile(overview, 0.95), unit: "ms" },
      ],
    };
  } finally {
    await Promise.all([owner.close(), caracal.close()]);
    await postgres.dispose();
  }
}
