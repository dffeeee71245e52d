import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { explainedDatabase } from "@/sandbox/engines/explain-database";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { anchorHeads } from "@/server/audit/anchors/anchor-heads";
import type { CheckContext } from "@/server/audit/checks/check-rows";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { getCheck, listChecks, listFindings } from "@/server/audit/checks/check-views";
import { cancelCheck, startCheck } from "@/server/audit/checks/start-check";
import { chainTroubles } from "@/server/detection/chain-troubles";

const folder = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const keys = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as Record<string, string>;
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { zone_id: string; chain_seq: number; event_id: string; kind: string; visible_without_witness: boolean }[];
};
let stage: KeyStage;
const ctx = (auditKey: Buffer | null = Buffer.from(keys.AUDIT_HMAC_KEY ?? "", "hex")): CheckContext => ({
  db: stage.db,
  caracal: stage.caracal,
  auditKey,
  holder: "console:test",
});
const load = (auditEvents: "before" | "after") =>
  loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis, auditEvents });
const order = async (zoneId?: string) =>
  (
    await startCheck({
      ctx: { db: stage.db, caracal: stage.caracal, actor: stage.actor },
      input: { zoneId, scope: "full" },
    })
  ).checkId;
const view = (checkId: string) => getCheck({ ctx: { db: stage.db }, input: { checkId } });
const found = async (checkId: string) =>
  (await listFindings({ ctx: { db: stage.db }, input: { checkId, limit: 100 } })).rows;

beforeEach(async () => {
  stage = await openKeyStage();
});
afterEach(() => stage.close());

describe("the recorded incident in real Postgres and Redis", () => {
  test("is whole before, and says by whom it is proved", async () => {
    await load("before");
    const id = await order();
    await advanceOneCheck(ctx());
    expect(await view(id)).toMatchObject({
      state: "finished",
      totals: { rows: 647, proved: 647, tampered: 0, removed: 0, not_provable: 0 },
      witnesses: { seal: true, stream: { entries: expect.any(Number) }, note: null },
    });
    expect(await found(id)).toEqual([]);
    const [entry] = await stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE kind = 'evidence.check-finished'",
    );
    expect(entry?.summary).toContain("647 of 647 rows proved");
  });

  test("is changed after in exactly the recorded ways; of one zone only that zone's are told", async () => {
    await load("after");
    const id = await order();
    await advanceOneCheck(ctx());
    const told = (await found(id)).map(({ zoneId, chainSeq, eventId, finding }) => [
      zoneId,
      chainSeq,
      eventId,
      finding,
    ]);
    const wanted = changes.map(({ zone_id, chain_seq, event_id, kind }) => [zone_id, chain_seq, event_id, kind]);
    expect(told).toEqual(wanted);
    const zone = changes[0]?.zone_id ?? "";
    const one = await order(zone);
    await advanceOneCheck(ctx());
    expect((await found(one)).map(({ chainSeq }) => chainSeq)).toEqual(
      changes.filter(({ zone_id }) => zone_id === zone).map(({ chain_seq }) => chain_seq),
    );
    const pages = await listChecks({ ctx: { db: stage.db }, input: { limit: 1 } });
    expect(pages.rows[0]?.id).toBe(one);
    expect(pages.nextCursor).not.toBeNull();
  });

  test("without the key and with another key nothing is called an attack that is none", async () => {
    await load("before");
    const blind = await order();
    await advanceOneCheck(ctx(null));
    expect(await view(blind)).toMatchObject({
      totals: { tampered: 0, removed: 0 },
      witnesses: { seal: false, stream: null, note: expect.stringContaining("AUDIT_HMAC_KEY is not set") },
    });
    const other = await order();
    await advanceOneCheck(ctx(Buffer.alloc(32, 3)));
    expect(await view(other)).toMatchObject({
      totals: { tampered: 0, removed: 0 },
      witnesses: { seal: false, note: expect.stringContaining("Another key") },
    });
    expect((await found(other)).map(({ finding }) => finding)).toEqual(["key_drift", "key_drift", "key_drift"]);
  });

  test("events that are not ingested yet are not missing", async () => {
    await load("after");
    const redis = new Redis(stage.urls.redis);
    try {
      const [last] = await stage.caracal.redis.xrevrange("caracal.audit.events", "+", "-", "COUNT", 1);
      const truncated = changes.filter(({ kind }) => kind === "tail_truncated").map(({ event_id }) => event_id);
      const entries = await stage.caracal.redis.xrange("caracal.audit.events", "-", "+");
      const first = entries.find(([, flat]) => truncated.includes(flat[flat.indexOf("id") + 1] ?? ""))?.[0] ?? "";
      const before = entries[entries.findIndex(([id]) => id === first) - 1]?.[0] ?? "";
      expect(last?.[0]).toBeDefined();
      await redis.xgroup("SETID", "caracal.audit.events", "audit-ingestor", before); // as if the rest were still to come
      const id = await order();
      await advanceOneCheck(ctx());
      expect((await found(id)).map(({ finding }) => finding)).not.toContain("tail_truncated");
    } finally {
      redis.disconnect();
    }
  });

  test("heads anchored before tell a cut tail and a rewrite with the key, without any stream", async () => {
    await load("before");
    const anchoring = { db: stage.db, caracal: stage.caracal };
    expect(await anchorHeads(anchoring, null)).toBe(3);
    expect(await anchorHeads(anchoring, null)).toBe(0);
    const [entry] = await stage.db.query<{ summary: string }>(
      "SELECT summary FROM timeline_entries WHERE kind = 'evidence.heads-anchored'",
    );
    expect(entry?.summary).toMatch(/^Heads of 3 audit chains anchored as number 1; .* [0-9a-f]{64}$/);
    await stage.caracal.redis.del("caracal.audit.events");
    const zone = changes.at(-1)?.zone_id;
    await stage.caracalOwner.query("DELETE FROM audit_events WHERE zone_id = $1 AND chain_seq > 182", [zone]);
    const id = await order();
    await advanceOneCheck(ctx());
    expect(
      (await found(id)).map(({ zoneId, chainSeq, finding, witnesses }) => ({ zoneId, chainSeq, finding, witnesses })),
    ).toEqual([
      { zoneId: zone, chainSeq: 183, finding: "tail_truncated", witnesses: ["anchor"] },
      { zoneId: zone, chainSeq: 184, finding: "tail_truncated", witnesses: ["anchor"] },
    ]);
    expect(await view(id)).toMatchObject({ witnesses: { anchors: 3, stream: null } });
    await expect(stage.db.query("DELETE FROM audit_anchors")).rejects.toThrow();
  });

  test("rows are read over the chain's index, a bounded page at a time", async () => {
    await load("before");
    const db = explainedDatabase(stage.caracal.db);
    await order();
    await advanceOneCheck({ ...ctx(), caracal: { ...stage.caracal, db } });
    const read = db.scans.filter(({ relation }) => relation.startsWith("audit_events"));
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter(({ node }) => !/^Index/.test(node))).toEqual([]);
  });
});

describe("a check", () => {
  test("is one of a zone at a time, can be stopped, and begins anew when its worker has gone", async () => {
    await load("before");
    const id = await order();
    expect(await order()).toBe(id);
    await cancelCheck({ ctx: { db: stage.db, actor: stage.actor }, input: { checkId: id } });
    await advanceOneCheck(ctx());
    expect(await view(id)).toMatchObject({ state: "cancelled", totals: null });
    await expect(cancelCheck({ ctx: { db: stage.db, actor: stage.actor }, input: { checkId: id } })).rejects.toThrow(
      /is over/,
    );

    const next = await order();
    await stage.db.query(
      "UPDATE audit_checks SET state = 'running', holder = 'console:gone', heartbeat_at = now() - interval '1 minute' WHERE id = $1",
      [next],
    );
    await advanceOneCheck(ctx());
    expect(await view(next)).toMatchObject({ state: "finished", totals: { proved: 647 } });
    await expect(stage.db.query("UPDATE audit_findings SET finding = 'none'")).rejects.toThrow();
  });

  test("says what keeps it from going on, and goes on when it is over", async () => {
    await load("before");
    const id = await order();
    const dead = {
      ...ctx(),
      caracal: {
        ...stage.caracal,
        db: { ...stage.caracal.db, transaction: () => Promise.reject(new Error("Caracal's Postgres did not answer")) },
      },
    };
    await advanceOneCheck(dead);
    expect(await view(id)).toMatchObject({ state: "running", error: "Caracal's Postgres did not answer" });
    await stage.db.query("UPDATE audit_checks SET heartbeat_at = 'epoch'");
    await advanceOneCheck(ctx());
    expect(await view(id)).toMatchObject({ state: "finished", error: null });
  });

  test("of a zone that is none is refused", async () => {
    await expect(order("nowhere")).rejects.toThrow(/No such zone/);
  });
});

describe("what checks found, as the ground of signals", () => {
  const troubles = async () =>
    (await chainTroubles(stage.db)).zones.map(({ zoneId, changed, removed, rewritten }) => [
      zoneId,
      changed + removed + rewritten,
    ]);
  const expected = () => {
    const byZone = new Map<string, number>();
    for (const { zone_id } of changes) byZone.set(zone_id, (byZone.get(zone_id) ?? 0) + 1);
    return [...byZone].sort();
  };

  test("of a zone's own check only that zone's are replaced", async () => {
    await load("after");
    await order();
    await advanceOneCheck(ctx());
    expect((await troubles()).sort()).toEqual(expected());
    const [[zone, count] = ["", 0], ...others] = expected();
    await stage.caracalOwner.query("UPDATE audit_events SET decision = 'changed' WHERE chain_seq = 10");
    await order(zone);
    await advanceOneCheck(ctx());
    expect((await troubles()).sort()).toEqual([[zone, count + 1], ...others]);
  });

  test("a check that began to read before another of the zone ended says nothing new", async () => {
    await load("after");
    const slow = await order();
    const [[zone] = [""]] = expected();
    await stage.owner.query("UPDATE audit_checks SET started_at = now() - interval '1 hour' WHERE id = $1", [slow]);
    const quick = await order(zone);
    await stage.owner.query("UPDATE audit_checks SET requested_at = requested_at - interval '1 day' WHERE id = $1", [
      quick,
    ]);
    await advanceOneCheck(ctx());
    expect((await view(quick)).state).toBe("finished");
    await advanceOneCheck(ctx());
    expect((await view(slow)).state).toBe("finished");
    const { zones } = await chainTroubles(stage.db);
    expect(zones.filter(({ zoneId }) => zoneId === zone).map(({ checkId }) => checkId)).toEqual([quick]);
    expect(zones.length).toBe(expected().length);
  });
});
