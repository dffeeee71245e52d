import { readFileSync } from "node:fs";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { memorySource } from "@/sandbox/archive/memory-source";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { type S3Server, startS3Server } from "@/sandbox/s3-server";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { type ArchiveSource, ArchiveUnreachable } from "@/server/audit/archive/archive-source";
import { hourMs, hourOf, hourOfKey, keyOfHour } from "@/server/audit/archive/export-key";
import { openArchive } from "@/server/audit/archive/open-archive";
import { advanceOneComparison, type ComparisonContext } from "@/server/audit/comparisons/comparison-worker";
import {
  getComparison,
  listArchiveFiles,
  listComparisons,
  listDifferences,
} from "@/server/audit/comparisons/comparison-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { readChainRows } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import { archiveContradicts } from "@/server/detection/archive-contradicts";
import { openArchiveTroubles } from "@/server/detection/archive-troubles";
import { cancelComparison, startComparison } from "@/server/audit/comparisons/start-comparison";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { readSettings } from "@/server/platform/settings";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { zone_id: string; event_id: string; kind: string }[];
};
const before: StoredRow[] = [];
let server: S3Server;
let archive: ArchiveSource; // of what the incident was before, in a real S3 store
let key: string;
let stage: KeyStage;

beforeAll(async () => {
  for await (const row of rowsOfCsv(new URL("before/audit_events.csv", folder).pathname)) before.push(row);
  server = await startS3Server("caracal-audit");
  const files = archiveOfRows(before, 100);
  for (const [Key, Body] of files) await server.s3.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body }));
  [key = ""] = files.keys();
  const given = {
    CONSOLE_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CONSOLE_MIGRATE_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CARACAL_DATABASE_URL: "postgres://x@127.0.0.1/x",
    CARACAL_REDIS_URL: "redis://127.0.0.1",
    AUDIT_ARCHIVE_S3_BUCKET: server.bucket,
    AUDIT_ARCHIVE_S3_ENDPOINT: server.endpoint,
  };
  archive = openArchive(readSettings(given)) as ArchiveSource;
});
afterAll(() => server?.close());
beforeEach(async () => {
  stage = await openKeyStage();
});
afterEach(() => stage.close());

const load = (auditEvents: "before" | "after") =>
  loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis, auditEvents });
const ctx = (given: Partial<ComparisonContext> = {}): ComparisonContext => ({
  db: stage.db,
  caracal: stage.caracal,
  archive,
  holder: "console:test",
  ...given,
});
const by = () => ({ db: stage.db, caracal: stage.caracal, archive, actor: stage.actor });
const order = async (input: { zoneId?: string; from?: string; to?: string } = {}) =>
  (await startComparison({ ctx: by(), input })).comparisonId;
const view = (comparisonId: string) => getComparison({ ctx: { db: stage.db }, input: { comparisonId } });
const found = async (comparisonId: string) =>
  (await listDifferences({ ctx: { db: stage.db }, input: { comparisonId, limit: 100 } })).rows;
const files = async (comparisonId: string) =>
  (await listArchiveFiles({ ctx: { db: stage.db }, input: { comparisonId, limit: 100 } })).rows;
async function compared(input: Parameters<typeof order>[0] = {}, given: Partial<ComparisonContext> = {}) {
  const id = await order(input);
  await advanceOneComparison(ctx(given));
  const { state, error } = await view(id);
  expect([state, error]).toEqual(["finished", null]);
  return id;
}
const exported = (hour: string) =>
  stage.caracalOwner.query(
    "INSERT INTO audit_export_watermark (name, last_exported_hour) VALUES ('parquet-hourly', $1) ON CONFLICT (name) DO UPDATE SET last_exported_hour = excluded.last_exported_hour",
    [hour],
  );

describe("the recorded incident in real Postgres, its archive in a real S3 store", () => {
  test("agrees before, and says what was compared", async () => {
    await load("before");
    const id = await compared();
    const hour = new Date(hourOfKey(key) ?? 0).toISOString();
    expect(await view(id)).toMatchObject({
      totals: { archived: 647, stored: 647, agree: 647, troubles: 0, files: 1 },
      heard: { archive: "s3://caracal-audit/", watermark: null, note: null },
      compared: { from: hour },
      comparer: "audit-archive@1",
    });
    expect([await found(id), await files(id)]).toEqual([[], []]);
    const [entry] = await stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE kind = 'evidence.comparison-finished'",
    );
    expect(entry?.summary).toContain("647 events agree, 0 are missing from the database");
  });

  test("after, each of the recorded changes is told with both sides; of a zone only that zone's", async () => {
    await load("after");
    const id = await compared();
    const told = await found(id);
    for (const { event_id } of changes) expect(told.map(({ eventId }) => eventId)).toContain(event_id);
    expect(told.length).toBe(changes.length + 2); // and two neighbours whose seals were made to fit
    const decision = told.find(({ columns }) => columns.includes("decision"));
    expect(decision?.archived?.decision).not.toBe(decision?.stored?.decision);
    expect(told.filter(({ finding }) => finding === "missing_in_database").length).toBe(
      changes.filter(({ kind }) => ["row_deleted", "tail_truncated"].includes(kind)).length,
    );
    const zone = changes[0]?.zone_id ?? "";
    const one = await compared({ zoneId: zone });
    expect(await found(one)).toEqual(told.filter(({ zoneId }) => zoneId === zone).map((row, n) => ({ ...row, n })));
    const pages = await listComparisons({ ctx: { db: stage.db }, input: { limit: 1 } });
    expect([pages.rows[0]?.id, pages.nextCursor]).toEqual([one, expect.any(String)]);
    const first = await listDifferences({ ctx: { db: stage.db }, input: { comparisonId: id, limit: 5 } });
    const rest = await listDifferences({
      ctx: { db: stage.db },
      input: { comparisonId: id, limit: 100, cursor: first.nextCursor },
    });
    expect([...first.rows, ...rest.rows]).toEqual(told);
  });
});

describe("how far the exporter is", () => {
  /** The same events, one hour earlier: those of the archive are copies of theirs under ids of their own. */
  async function moreHours(...hours: number[]) {
    await load("before");
    for (const shift of hours)
      await stage.caracalOwner.query(
        `INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, to_jsonb(e) || jsonb_build_object('id', e.id || $1::int::text, 'ingested_at', e.ingested_at + make_interval(hours => $1::int),
           'chain_seq', e.chain_seq + 1000 * (10 + $1::int)))).* FROM audit_events e WHERE length(id) = 36`,
        [shift],
      );
    await stage.caracalOwner.query("ANALYZE audit_events");
  }

  test("an hour that it has not come to is not exported yet, and none of its rows is missing", async () => {
    await moreHours(1, 2);
    await exported(new Date(hourOfKey(key) ?? 0).toISOString());
    const id = await compared();
    expect(await view(id)).toMatchObject({
      totals: { agree: 647, missing_in_archive: 0, not_compared: 0, troubles: 0 },
    });
    const late = await compared({ from: new Date((hourOfKey(key) ?? 0) + hourMs).toISOString() });
    expect(await view(late)).toMatchObject({
      compared: null,
      heard: { note: "Nothing of what was asked for is exported yet." },
    });
  });

  test("an hour that it has passed without an export is told with its rows; how far it is behind is said", async () => {
    await moreHours(1, 2);
    const passed = (hourOfKey(key) ?? 0) + hourMs;
    await exported(new Date(passed).toISOString());
    const id = await compared();
    expect(await files(id)).toMatchObject([{ key: keyOfHour(passed), trouble: "no-export", rows: 647 }]);
    const { heard, totals } = await view(id);
    expect(totals).toMatchObject({ agree: 647, missing_in_archive: 0, not_compared: 647 });
    expect(heard?.behindHours).toBe(Math.floor((Date.now() - passed) / hourMs));
  });

  test("a small window reads the part of the chain that matters, over its index, and no partition whole", async () => {
    const middle = hourOfKey(key) ?? 0;
    await moreHours(-9, -8, -7, -6, -5, -4, -3, -2, -1, 1);
    await exported(new Date(middle).toISOString());
    const db = explainedDatabase(stage.caracal.db);
    const window = { from: new Date(middle).toISOString(), to: new Date(middle + hourMs).toISOString() };
    const zone = changes[0]?.zone_id ?? "";
    const id = await compared({ zoneId: zone, ...window }, { caracal: { db } });
    const ofZone = before.filter((row) => row.zone_id === zone).length;
    expect(ofZone).toBeGreaterThan(100);
    expect(await view(id)).toMatchObject({ totals: { agree: ofZone } });
    const read = db.scans.filter(({ relation }) => relation.startsWith("audit_events"));
    expect(read.filter(({ node }) => !/^Index/.test(node))).toEqual([]);
    expect(read.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan((ofZone * 11) / 2); // the chain holds eleven such hours
    expect(read.length).toBeGreaterThan(0);
  });

  test("one row whose time of ingestion somebody changed does not lead the search astray", async () => {
    await moreHours(-3, -2, -1);
    const [odd] = before;
    await stage.caracalOwner.query(
      "UPDATE audit_events SET ingested_at = now() WHERE chain_seq % 50 = 7 AND length(id) > 36",
    );
    await stage.caracalOwner.query("UPDATE audit_events SET ingested_at = '2020-01-01Z' WHERE id = $1", [odd?.id]);
    const id = await compared();
    expect(await found(id)).toMatchObject([{ eventId: odd?.id, finding: "columns_differ", columns: ["ingested_at"] }]);
    expect(await view(id)).toMatchObject({ totals: { agree: 646 } });
  });
});

describe("retention", () => {
  test("rows whose partition was dropped are gone by retention, not missing", async () => {
    await load("before");
    const [{ months } = { months: [] }] = (
      await stage.caracalOwner.query<{ months: string[] }>(
        "SELECT array_agg(DISTINCT tableoid::regclass::text) AS months FROM audit_events",
      )
    ).rows;
    await stage.caracalOwner.query("SELECT ensure_audit_partition('2027-06-01Z')");
    await stage.caracalOwner.query(
      'INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, to_jsonb(e) || \'{"id": "later", "occurred_at": "2027-06-02T00:00:00Z", "ingested_at": "2027-06-02T00:00:00Z"}\')).* FROM audit_events e LIMIT 1',
    );
    for (const month of months) await stage.caracalOwner.query(`ALTER TABLE audit_events DETACH PARTITION ${month}`);
    const id = await compared();
    expect(await view(id)).toMatchObject({ totals: { gone_by_retention: 647, missing_in_database: 0 } });
    expect(await found(id)).toEqual([]);
  });
});

describe("a comparison", () => {
  test("is one of a zone at a time, can be stopped, and begins anew when its worker has gone", async () => {
    await load("before");
    const id = await order();
    expect(await order()).toBe(id);
    const cancel = () => cancelComparison({ ctx: by(), input: { comparisonId: id } });
    await cancel();
    await advanceOneComparison(ctx());
    expect(await view(id)).toMatchObject({ state: "cancelled", totals: null });
    await expect(cancel()).rejects.toThrow(/is over/);

    const next = await order();
    await stage.db.query(
      "UPDATE audit_comparisons SET state = 'running', holder = 'console:gone', heartbeat_at = now() - interval '1 minute' WHERE id = $1",
      [next],
    );
    await advanceOneComparison(ctx());
    expect(await view(next)).toMatchObject({ state: "finished", totals: { agree: 647 } });
    await expect(stage.db.query("UPDATE audit_differences SET finding = 'none'")).rejects.toThrow();
  });

  test("says that the store is away, blames no file, and goes on when it is back", async () => {
    await load("before");
    const id = await order();
    const away: ArchiveSource = {
      ...archive,
      open: (file) => ({
        byteLength: file.size,
        slice: () => Promise.reject(new ArchiveUnreachable("s3://caracal-audit/ does not answer")),
      }),
    };
    expect(await advanceOneComparison(ctx({ archive: away }))).toBe(false);
    expect(await view(id)).toMatchObject({ state: "running", error: "s3://caracal-audit/ does not answer" });
    await stage.db.query("UPDATE audit_comparisons SET heartbeat_at = 'epoch'");
    await advanceOneComparison(ctx());
    expect(await view(id)).toMatchObject({ state: "finished", error: null, totals: { agree: 647, troubles: 0 } });
  });

  test("names a file that cannot be used beside what it found in the others", async () => {
    await load("before");
    const earlier = hourOf(hourOfKey(key) ?? 0) - hourMs;
    const source = memorySource(
      new Map([
        ...archiveOfRows(before),
        [keyOfHour(earlier), new Uint8Array(3)],
        [`${keyOfHour(earlier)}.tmp`, new Uint8Array()],
      ]),
    );
    const id = await compared({}, { archive: source });
    expect(await files(id)).toMatchObject([
      { key: keyOfHour(earlier), trouble: "bad-footer", rows: 0 },
      { key: `${keyOfHour(earlier)}.tmp`, trouble: "foreign-name" },
    ]);
    expect(await view(id)).toMatchObject({ totals: { agree: 647, troubles: 2 } });
  });

  test("without an archive, of a zone that is none, or of no time is refused", async () => {
    await expect(startComparison({ ctx: { ...by(), archive: null }, input: {} })).rejects.toThrow(/No archive is set/);
    await expect(order({ zoneId: "nowhere" })).rejects.toThrow(/No such zone/);
    expect(await advanceOneComparison(ctx({ archive: null }))).toBe(false);
  });
});

test("a page of a chain reads no more rows than it gives", async () => {
  await load("before");
  const zone = changes[0]?.zone_id ?? "";
  const db = explainedDatabase(stage.caracal.db);
  const bounds = { timeoutMs: 5_000, narrow: "" };
  const page = await boundedRead(db, bounds, (tx) => readChainRows(tx, zone, null, 10));
  expect(page.length).toBe(10);
  expect(db.scans.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(12);
});

describe("what comparisons found, as the ground of signals", () => {
  const troubles = async () =>
    (await openArchiveTroubles(stage.db)).map(({ zoneId, removed, rewritten, changed, added }) => [
      zoneId,
      removed + rewritten + changed + added,
    ]);
  const expected = () => {
    const byZone = new Map<string, number>();
    for (const { zone_id } of changes) byZone.set(zone_id, (byZone.get(zone_id) ?? 0) + 1);
    return byZone;
  };

  test("removed and rewritten rows are a P1 of their zone, until a comparison of the same hours finds nothing", async () => {
    await load("after");
    await compared();
    const signals = archiveContradicts({ archives: await openArchiveTroubles(stage.db) });
    expect(signals.map(({ key }) => key).sort()).toEqual(
      [...expected().keys()].map((zone) => `archive-contradicts:${zone}`).sort(),
    );
    expect(signals.every(({ severity, sentence }) => /removed|rewritten/.test(sentence) === (severity === "P1"))).toBe(
      true,
    );
    await stage.caracalOwner.query("TRUNCATE audit_events");
    const source = memorySource(new Map());
    await compared({}, { archive: source }); // of no hour: it says nothing of any
    expect((await troubles()).length).toBe(signals.length);
    await stage.caracalOwner.query(
      "INSERT INTO audit_events SELECT (jsonb_populate_recordset(NULL::audit_events, $1::jsonb)).*",
      [
        JSON.stringify(
          before.map((row) => ({
            ...row,
            determining_policies_json: JSON.parse(row.determining_policies_json ?? "null"),
            diagnostics_json: JSON.parse(row.diagnostics_json ?? "null"),
            metadata_json: JSON.parse(row.metadata_json ?? "null"),
          })),
        ),
      ],
    );
    await compared();
    expect(await troubles()).toEqual([]);
  });

  test("what the check of the chain tells of the same rows is not told twice", async () => {
    await load("after");
    await compared();
    expect((await troubles()).length).toBeGreaterThan(0);
    await startCheck({ ctx: by(), input: { scope: "full" } });
    const { AUDIT_HMAC_KEY } = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8"));
    const auditKey = Buffer.from(AUDIT_HMAC_KEY, "hex");
    await advanceOneCheck({ db: stage.db, caracal: stage.caracal, auditKey, holder: "console:test" });
    expect(await troubles()).toEqual([]);
    const [{ event_id: id } = { event_id: "" }] = changes;
    expect(id).not.toBe("");
    await stage.caracalOwner.query(
      "DELETE FROM audit_events WHERE id = (SELECT id FROM audit_events WHERE chain_seq = 3 LIMIT 1)",
    );
    await compared();
    expect(await troubles()).toEqual([[expect.any(String), 1]]);
  });

  test("an hour that was passed without an export, and a file that is damaged, are the archive's own trouble", async () => {
    await load("before");
    const [bytes = new Uint8Array()] = archiveOfRows(before).values();
    await compared({}, { archive: memorySource(new Map([[key, bytes.slice(0, 900)]])) });
    expect(archiveContradicts({ archives: await openArchiveTroubles(stage.db) })).toMatchObject([
      { severity: "P3", sentence: "The audit archive is not whole: 1 hour without a usable export" },
    ]);
    await compared();
    expect(await openArchiveTroubles(stage.db)).toEqual([]);
  });
});
