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
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { archiveContradicts } from "@/server/detection/archive-contradicts";
import { openArchiveTroubles } from "@/server/detection/archive-troubles";

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
    await stage.load("after");
    await stage.compared();
    const signals = archiveContradicts({ archives: await openArchiveTroubles(stage.db) });
    expect(signals.map(({ key }) => key).sort()).toEqual(
      [...expected().keys()].map((zone) => `archive-contradicts:${zone}`).sort(),
    );
    expect(signals.every(({ severity, sentence }) => /removed|rewritten/.test(sentence) === (severity === "P1"))).toBe(
      true,
    );
    await stage.caracalOwner.query("TRUNCATE audit_events");
    const source = memorySource(new Map());
    await stage.compared({}, { archive: source }); // of no hour: it says nothing of any
    expect((await troubles()).length).toBe(signals.length);
    await stage.caracalOwner.query(
      "INSERT INTO audit_events SELECT (jsonb_populate_recordset(NULL::audit_events, $1::jsonb)).*",
      [
        JSON.stringify(
          recording.before.map((row) => ({
            ...row,
            determining_policies_json: JSON.parse(row.determining_policies_json ?? "null"),
            diagnostics_json: JSON.parse(row.diagnostics_json ?? "null"),
            metadata_json: JSON.parse(row.metadata_json ?? "null"),
          })),
        ),
      ],
    );
    await stage.compared();
    expect(await troubles()).toEqual([]);
  });

  test("what the check of the chain tells of the same rows is not told twice", async () => {
    await stage.load("after");
    await stage.compared();
    expect((await troubles()).length).toBeGreaterThan(0);
    await startCheck({ ctx: stage.by(), input: { scope: "full" } });
    const { AUDIT_HMAC_KEY } = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8"));
    const auditKey = Buffer.from(AUDIT_HMAC_KEY, "hex");
    await advanceOneCheck({ db: stage.db, caracal: stage.caracal, auditKey, holder: "console:test" });
    expect(await troubles()).toEqual([]);
    const [{ event_id: id } = { event_id: "" }] = changes;
    expect(id).not.toBe("");
    await stage.caracalOwner.query(
      "DELETE FROM audit_events WHERE id = (SELECT id FROM audit_events WHERE chain_seq = 3 LIMIT 1)",
    );
    await stage.compared();
    expect(await troubles()).toEqual([[expect.any(String), 1]]);
  });

  test("an hour that was passed without an export, and a file that is damaged, are the archive's own trouble", async () => {
    await stage.load("before");
    const [bytes = new Uint8Array()] = archiveOfRows(recording.before).values();
    await stage.compared({}, { archive: memorySource(new Map([[recording.key, bytes.slice(0, 900)]])) });
    expect(archiveContradicts({ archives: await openArchiveTroubles(stage.db) })).toMatchObject([
      { severity: "P3", sentence: "The audit archive is not whole: 1 hour without a usable export" },
    ]);
    await stage.compared();
    expect(await openArchiveTroubles(stage.db)).toEqual([]);
  });
});
