import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import {
  type ComparisonStage,
  comparisonStage,
  type RecordedArchive,
  recordedArchive,
} from "@/sandbox/archive/comparison-stage";
import { memorySource } from "@/sandbox/archive/memory-source";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { type ArchiveSource, ArchiveUnreachable } from "@/server/audit/archive/archive-source";
import { hourMs, hourOf, hourOfKey, keyOfHour } from "@/server/audit/archive/export-key";
import { advanceOneComparison } from "@/server/audit/comparisons/comparison-worker";
import { listComparisons, listDifferences } from "@/server/audit/comparisons/comparison-views";
import { cancelComparison, startComparison } from "@/server/audit/comparisons/start-comparison";
import { readChainRows } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { zone_id: string; event_id: string; kind: string }[];
};
let recording: RecordedArchive; // of what the incident was before
let stage: ComparisonStage;

beforeAll(async () => {
  recording = await recordedArchive();
});
afterAll(() => recording?.close());
beforeEach(async () => {
  stage = await comparisonStage(recording);
});
afterEach(() => stage.close());

const exported = (hour: string) =>
  stage.caracalOwner.query(
    "INSERT INTO audit_export_watermark (name, last_exported_hour) VALUES ('parquet-hourly', $1) ON CONFLICT (name) DO UPDATE SET last_exported_hour = excluded.last_exported_hour",
    [hour],
  );

describe("the recorded incident in real Postgres, its archive in a real S3 store", () => {
  test("agrees before, and says what was compared", async () => {
    await stage.load("before");
    const id = await stage.compared();
    const hour = new Date(hourOfKey(recording.key) ?? 0).toISOString();
    expect(await stage.view(id)).toMatchObject({
      totals: { archived: 647, stored: 647, agree: 647, troubles: 0, files: 1 },
      heard: { archive: "s3://caracal-audit/", watermark: null, note: null },
      compared: { from: hour },
      comparer: "audit-archive@1",
    });
    expect([await stage.found(id), await stage.files(id)]).toEqual([[], []]);
    const [entry] = await stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE kind = 'evidence.comparison-finished'",
    );
    expect(entry?.summary).toContain("647 events agree, 0 are missing from the database");
  });

  test("after, each of the recorded changes is told with both sides; of a zone only that zone's", async () => {
    await stage.load("after");
    const id = await stage.compared();
    const told = await stage.found(id);
    for (const { event_id } of changes) expect(told.map(({ eventId }) => eventId)).toContain(event_id);
    expect(told.length).toBe(changes.length + 2); // and two neighbours whose seals were made to fit
    const decision = told.find(({ columns }) => columns.includes("decision"));
    expect(decision?.archived?.decision).not.toBe(decision?.stored?.decision);
    expect(told.filter(({ finding }) => finding === "missing_in_database").length).toBe(
      changes.filter(({ kind }) => ["row_deleted", "tail_truncated"].includes(kind)).length,
    );
    const zone = changes[0]?.zone_id ?? "";
    const one = await stage.compared({ zoneId: zone });
    expect(await stage.found(one)).toEqual(
      told.filter(({ zoneId }) => zoneId === zone).map((row, n) => ({ ...row, n })),
    );
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
    await stage.load("before");
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
    await exported(new Date(hourOfKey(recording.key) ?? 0).toISOString());
    const id = await stage.compared();
    expect(await stage.view(id)).toMatchObject({
      totals: { agree: 647, missing_in_archive: 0, not_compared: 0, troubles: 0 },
    });
    const late = await stage.compared({ from: new Date((hourOfKey(recording.key) ?? 0) + hourMs).toISOString() });
    expect(await stage.view(late)).toMatchObject({
      compared: null,
      heard: { note: "Nothing of what was asked for is exported yet." },
    });
  });

  test("an hour that it has passed without an export is told with its rows; how far it is behind is said", async () => {
    await moreHours(1, 2);
    const passed = (hourOfKey(recording.key) ?? 0) + hourMs;
    await exported(new Date(passed).toISOString());
    const id = await stage.compared();
    expect(await stage.files(id)).toMatchObject([{ key: keyOfHour(passed), trouble: "no-export", rows: 647 }]);
    const { heard, totals } = await stage.view(id);
    expect(totals).toMatchObject({ agree: 647, missing_in_archive: 0, not_compared: 647 });
    expect(heard?.behindHours).toBe(Math.floor((Date.now() - passed) / hourMs));
  });

  test("a small window reads the part of the chain that matters, over its index, and no partition whole", async () => {
    const middle = hourOfKey(recording.key) ?? 0;
    await moreHours(-9, -8, -7, -6, -5, -4, -3, -2, -1, 1);
    await exported(new Date(middle).toISOString());
    const db = explainedDatabase(stage.caracal.db);
    const window = { from: new Date(middle).toISOString(), to: new Date(middle + hourMs).toISOString() };
    const zone = changes[0]?.zone_id ?? "";
    const id = await stage.compared({ zoneId: zone, ...window }, { caracal: { db } });
    const ofZone = recording.before.filter((row) => row.zone_id === zone).length;
    expect(ofZone).toBeGreaterThan(100);
    expect(await stage.view(id)).toMatchObject({ totals: { agree: ofZone } });
    const read = db.scans.filter(({ relation }) => relation.startsWith("audit_events"));
    expect(read.filter(({ node }) => !/^Index/.test(node))).toEqual([]);
    expect(read.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan((ofZone * 11) / 2); // the chain holds eleven such hours
    expect(read.length).toBeGreaterThan(0);
  });

  test("one row whose time of ingestion somebody changed does not lead the search astray", async () => {
    await moreHours(-3, -2, -1);
    const [odd] = recording.before;
    await stage.caracalOwner.query(
      "UPDATE audit_events SET ingested_at = now() WHERE chain_seq % 50 = 7 AND length(id) > 36",
    );
    await stage.caracalOwner.query("UPDATE audit_events SET ingested_at = '2020-01-01Z' WHERE id = $1", [odd?.id]);
    const id = await stage.compared();
    expect(await stage.found(id)).toMatchObject([
      { eventId: odd?.id, finding: "columns_differ", columns: ["ingested_at"] },
    ]);
    expect(await stage.view(id)).toMatchObject({ totals: { agree: 646 } });
  });
});

describe("retention", () => {
  test("rows whose partition was dropped are gone by retention, not missing", async () => {
    await stage.load("before");
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
    const id = await stage.compared();
    expect(await stage.view(id)).toMatchObject({ totals: { gone_by_retention: 647, missing_in_database: 0 } });
    expect(await stage.found(id)).toEqual([]);
  });
});

describe("a comparison", () => {
  test("is one of a zone at a time, can be stopped, and begins anew when its worker has gone", async () => {
    await stage.load("before");
    const id = await stage.order();
    expect(await stage.order()).toBe(id);
    const cancel = () => cancelComparison({ ctx: stage.by(), input: { comparisonId: id } });
    await cancel();
    await advanceOneComparison(stage.ctx());
    expect(await stage.view(id)).toMatchObject({ state: "cancelled", totals: null });
    await expect(cancel()).rejects.toThrow(/is over/);

    const next = await stage.order();
    await stage.db.query(
      "UPDATE audit_comparisons SET state = 'running', holder = 'console:gone', heartbeat_at = now() - interval '1 minute' WHERE id = $1",
      [next],
    );
    await advanceOneComparison(stage.ctx());
    expect(await stage.view(next)).toMatchObject({ state: "finished", totals: { agree: 647 } });
    await expect(stage.db.query("UPDATE audit_differences SET finding = 'none'")).rejects.toThrow();
  });

  test("says that the store is away, blames no file, and goes on when it is back", async () => {
    await stage.load("before");
    const id = await stage.order();
    const away: ArchiveSource = {
      ...recording.archive,
      open: (file) => ({
        byteLength: file.size,
        slice: () => Promise.reject(new ArchiveUnreachable("s3://caracal-audit/ does not answer")),
      }),
    };
    expect(await advanceOneComparison(stage.ctx({ archive: away }))).toBe(false);
    expect(await stage.view(id)).toMatchObject({ state: "running", error: "s3://caracal-audit/ does not answer" });
    await stage.db.query("UPDATE audit_comparisons SET heartbeat_at = 'epoch'");
    await advanceOneComparison(stage.ctx());
    expect(await stage.view(id)).toMatchObject({ state: "finished", error: null, totals: { agree: 647, troubles: 0 } });
  });

  test("names a file that cannot be used beside what it found in the others", async () => {
    await stage.load("before");
    const earlier = hourOf(hourOfKey(recording.key) ?? 0) - hourMs;
    const source = memorySource(
      new Map([
        ...archiveOfRows(recording.before),
        [keyOfHour(earlier), new Uint8Array(3)],
        [`${keyOfHour(earlier)}.tmp`, new Uint8Array()],
      ]),
    );
    const id = await stage.compared({}, { archive: source });
    expect(await stage.files(id)).toMatchObject([
      { key: keyOfHour(earlier), trouble: "bad-footer", rows: 0 },
      { key: `${keyOfHour(earlier)}.tmp`, trouble: "foreign-name" },
    ]);
    expect(await stage.view(id)).toMatchObject({ totals: { agree: 647, troubles: 2 } });
  });

  test("without an archive, of a zone that is none, or of no time is refused", async () => {
    await expect(startComparison({ ctx: { ...stage.by(), archive: null }, input: {} })).rejects.toThrow(
      /No archive is set/,
    );
    await expect(stage.order({ zoneId: "nowhere" })).rejects.toThrow(/No such zone/);
    expect(await advanceOneComparison(stage.ctx({ archive: null }))).toBe(false);
  });
});

test("a page of a chain reads no more rows than it gives", async () => {
  await stage.load("before");
  const zone = changes[0]?.zone_id ?? "";
  const db = explainedDatabase(stage.caracal.db);
  const bounds = { timeoutMs: 5_000, narrow: "" };
  const page = await boundedRead(db, bounds, (tx) => readChainRows(tx, zone, null, 10));
  expect(page.length).toBe(10);
  expect(db.scans.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(12);
});
