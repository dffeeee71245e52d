import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { findingPlace, getZoneBar, listCheckedZones, listCheckZones } from "@/server/audit/checks/zone-views";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const { AUDIT_HMAC_KEY } = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as { AUDIT_HMAC_KEY: string };
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { zone_id: string; chain_seq: number; event_id: string; kind: string }[];
};
let stage: KeyStage;
let checkId: string;
const first = changes[0] as (typeof changes)[0];
const ofZone = changes.filter(({ zone_id }) => zone_id === first.zone_id);
const ctx = () => ({ db: stage.db, caracal: stage.caracal });

beforeAll(async () => {
  stage = await openKeyStage();
  await loadRecordedIncident({
    ownerUrl: stage.urls.caracalOwner,
    redisUrl: stage.urls.redis,
    auditEvents: "after",
  });
  ({ checkId } = await startCheck({ ctx: { ...ctx(), actor: stage.actor }, input: { scope: "full" } }));
  await advanceOneCheck({ ...ctx(), auditKey: Buffer.from(AUDIT_HMAC_KEY, "hex"), holder: "console:test" });
});
afterAll(() => stage.close());

test("each zone says how far it was checked, and its first bad row", async () => {
  const { rows, nextCursor } = await listCheckedZones({ ctx: ctx(), input: { limit: 50 } });
  expect(nextCursor).toBeNull();
  expect(rows.find(({ zone }) => zone.id === first.zone_id)).toMatchObject({
    behind: 0,
    whole: false,
    firstBad: first.chain_seq,
    fullCheck: { id: checkId, verifier: expect.stringMatching(/^audit-chain@/) },
  });
  const page = await listCheckedZones({ ctx: ctx(), input: { limit: 1 } });
  const next = await listCheckedZones({ ctx: ctx(), input: { limit: 50, cursor: page.nextCursor } });
  expect([...page.rows, ...next.rows].map(({ zone }) => zone.id)).toEqual(rows.map(({ zone }) => zone.id));
});

test("the bar has the worst of each piece, seq by seq when it is zoomed in", async () => {
  const whole = await getZoneBar({ ctx: ctx(), input: { zoneId: first.zone_id, pieces: 10 } });
  expect(whole.pieces.reduce((sum, { bad }) => sum + bad, 0)).toBe(ofZone.length);
  expect(whole.firstBad).toMatchObject({ seq: first.chain_seq, checkId });
  const near = await getZoneBar({
    ctx: ctx(),
    input: { zoneId: first.zone_id, pieces: 120, from: first.chain_seq - 2, to: first.chain_seq + 2 },
  });
  expect(near.pieces.map(({ state }) => state)).toEqual(["proved", "proved", "tampered", "proved", "proved"]);
  const removed = ofZone.find(({ kind }) => kind === "row_deleted");
  const seq = removed?.chain_seq ?? 0;
  const hole = await getZoneBar({ ctx: ctx(), input: { zoneId: first.zone_id, pieces: 120, from: seq, to: seq } });
  expect(hole.pieces).toEqual([{ from: seq, to: seq, state: "missing", bad: 1 }]);
  await expect(getZoneBar({ ctx: ctx(), input: { zoneId: "nowhere", pieces: 9 } })).rejects.toThrow(/no audit events/);
});

test("a check says zone by zone where the first bad row is, how far it goes and what it took", async () => {
  const zones = await listCheckZones({ ctx: ctx(), input: { checkId } });
  for (const zone of new Set(changes.map(({ zone_id }) => zone_id))) {
    const own = changes.filter(({ zone_id }) => zone_id === zone);
    expect(zones.find(({ zoneId }) => zoneId === zone)).toMatchObject({
      known: true,
      state: "done",
      trouble: {
        first: { seq: own[0]?.chain_seq, finding: own[0]?.kind },
        lastSeq: Math.max(...own.map(({ chain_seq }) => chain_seq)),
        ingestedFrom: expect.stringMatching(/^2026-/),
        needed: own.some(({ kind }) => kind === "rewritten_with_key") ? "key" : "database",
      },
    });
  }
});

test("the row of a finding is found by its id alone, over the primary key; a removed one is not there", async () => {
  const db = explainedDatabase(stage.caracal.db);
  const place = await findingPlace({
    ctx: { ...ctx(), caracal: { ...stage.caracal, db } },
    input: { eventId: first.event_id },
  });
  expect(place).toMatchObject({ id: first.event_id, occurredAt: expect.stringMatching(/^2026-/) });
  expect(db.scans.filter(({ node }) => !/^Index/.test(node))).toEqual([]);
  const removed = changes.find(({ kind }) => kind === "row_deleted")?.event_id ?? "";
  await expect(findingPlace({ ctx: ctx(), input: { eventId: removed } })).rejects.toThrow(/not in audit_events/);
});
