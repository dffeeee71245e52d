import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { streamExtents } from "@/server/caracal/evidence-streams";
import { evidenceTroubles } from "@/server/detection/evidence-troubles";
import { openFile } from "@/server/evidence/vault/download";
import { handOver, noteView } from "@/server/evidence/vault/custody";
import { cancelPreservation, redoPreservation } from "@/server/evidence/vault/order";
import { estimatePreservation } from "@/server/evidence/vault/estimate";
import { removeExpired, retentionView } from "@/server/evidence/vault/retention";
import { estimateInput, listItemsInput } from "@/server/evidence/vault/schemas";
import { verifyItem } from "@/server/evidence/vault/verify-item";
import { getItem, listItems } from "@/server/evidence/vault/views";
import { advanceOneItem } from "@/server/evidence/vault/vault-worker";
import { declareIncident } from "@/server/incidents/declare-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import { openDatabase } from "@/server/platform/postgres";

let stage: VaultStage;
let dana: Actor;
let vera: Actor;
let rita: Actor;

beforeAll(async () => {
  stage = await vaultStage();
  dana = stage.actor;
  [vera, rita] = await Promise.all([
    newPerson(stage.db, "vera", ["viewer"]),
    newPerson(stage.db, "rita", ["responder"]),
  ]);
});
afterAll(() => stage?.close());

const ctx = (actor: Actor) => ({ db: stage.db, caracal: stage.caracal, stores: stage.stores, actor });
const view = (itemId: string, actor = dana) => getItem({ ctx: ctx(actor), input: { itemId } });
const acts = async (itemId: string) => (await view(itemId)).custody.map(({ act, by }) => `${act} ${by}`).reverse();
const opened = (actor: Actor, itemId: string, name: string) =>
  openFile({ ctx: ctx(actor), input: { itemId, name, rangeOf: () => null } });
async function preserved(scope: Parameters<VaultStage["order"]>[0] = { parts: ["alerts", "admin"] }): Promise<string> {
  const id = await stage.order(scope);
  await stage.work();
  expect((await view(id)).state).toBe("whole");
  return id;
}
/** Flips one bit of a stored file, as somebody with the vault's disk in hands could. */
async function flip(itemId: string, name: string): Promise<void> {
  const path = join(stage.folder, itemId, name);
  const bytes = await readFile(path);
  bytes[30] = (bytes[30] ?? 0) ^ 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}
const file = "admin_audit_events.csv.gz";

describe("the vault", () => {
  test("evidence of a restricted incident is for whom it is open to, on every path", async () => {
    const { incidentId } = await declareIncident({
      ctx: { db: stage.db, actor: dana },
      input: declareIncidentInput.parse({ title: "Insider", severity: "P1", restricted: true }),
    });
    const id = await preserved({ parts: ["alerts"], incidentId });
    const input = { itemId: id };
    await expect(view(id, rita)).rejects.toMatchObject({ code: "not_found" });
    await expect(verifyItem({ ctx: ctx(rita), input })).rejects.toMatchObject({ code: "not_found" });
    await expect(noteView({ ctx: ctx(rita), input })).rejects.toMatchObject({ code: "not_found" });
    await expect(redoPreservation({ ctx: ctx(rita), input })).rejects.toMatchObject({ code: "not_found" });
    await expect(opened(rita, id, "audit_ingest_alerts.csv.gz")).rejects.toMatchObject({ code: "not_found" });
    const listed = await listItems({ ctx: ctx(rita), input: listItemsInput.parse({ limit: 100 }) });
    expect(listed.rows.map((row) => row.id)).not.toContain(id);
    expect(
      (await listItems({ ctx: ctx(dana), input: listItemsInput.parse({ incidentId }) })).rows.map((row) => row.id),
    ).toEqual([id]);
  });

  test("one flipped bit is found at the next read: the file is given to nobody, and it is a P1 until the bytes are back", async () => {
    const id = await preserved();
    expect(await verifyItem({ ctx: ctx(dana), input: { itemId: id } })).toMatchObject({ bad: [] });
    await flip(id, file);
    await expect(opened(dana, id, file)).rejects.toMatchObject({ code: "conflict" });
    expect(await evidenceTroubles(stage.db)).toMatchObject([{ itemId: id, changed: 1, missing: 0, store: "folder" }]);
    expect(await view(id)).toMatchObject({ mismatches: 1 });
    await unlink(join(stage.folder, id, "README.md")).catch(async () => {
      await chmod(join(stage.folder, id), 0o700);
      await unlink(join(stage.folder, id, "README.md"));
    });
    expect((await verifyItem({ ctx: ctx(dana), input: { itemId: id } })).bad).toEqual([
      `${file} (folder): mismatch`,
      "README.md (folder): missing",
    ]);
    expect(await evidenceTroubles(stage.db)).toMatchObject([{ itemId: id, changed: 1, missing: 1 }]);
    expect((await acts(id)).filter((act) => act.startsWith("mismatch"))).toHaveLength(2); // each once, however often it is read
    await flip(id, file);
    expect((await opened(dana, id, file)).range).toBeNull();
    expect(await evidenceTroubles(stage.db)).toMatchObject([{ itemId: id, changed: 0, missing: 1 }]);
    await opened(dana, id, file); // whole already: said once
    expect((await view(id)).custody.filter(({ act, name }) => act === "re-verified" && name === file)).toEqual([
      expect.objectContaining({
        by: "Dana Security",
        note: expect.stringMatching(/is again what was preserved: SHA-256 [0-9a-f]{64}; it was another/),
      }),
    ]);
    await stage.owner.query("UPDATE evidence_copies SET verdict = 'whole' WHERE item_id = $1", [id]);
  });

  test("a store that cannot be read is no mismatch", async () => {
    const id = await preserved();
    const away = new Map(stage.stores);
    away.delete("folder");
    await expect(verifyItem({ ctx: { ...ctx(dana), stores: away }, input: { itemId: id } })).rejects.toMatchObject({
      code: "source_unreachable",
    });
    expect(await evidenceTroubles(stage.db)).toEqual([]);
  });

  test("looks and hand-overs are on the log, which nobody changes, the owner of the tables included", async () => {
    const id = await preserved();
    const input = { itemId: id };
    await noteView({ ctx: ctx(vera), input });
    await noteView({ ctx: ctx(vera), input });
    await handOver({ ctx: ctx(dana), input: { itemId: id, to: "Sol, outside counsel", note: "On an encrypted disk" } });
    expect(await acts(id)).toEqual([
      "ordered Dana Security",
      "created console",
      "viewed vera",
      "handed-over Dana Security",
    ]);
    for (const db of [stage.db, stage.owner])
      for (const statement of [
        "UPDATE evidence_custody SET by_name = 'x'",
        "DELETE FROM evidence_custody",
        "TRUNCATE evidence_custody",
        "DELETE FROM evidence_files",
      ])
        await expect(db.query(statement)).rejects.toThrow(/append-only|permission denied/);
    await expect(stage.db.query("UPDATE evidence_items SET reason = 'x' WHERE id = $1", [id])).rejects.toThrow(
      "stands as it is",
    );
    await expect(
      stage.db.query("UPDATE evidence_items SET state = 'removed', rows = 0 WHERE id = $1", [id]),
    ).rejects.toThrow("stands as it is");
    await expect(stage.db.query("DELETE FROM evidence_items")).rejects.toThrow("permission denied");
  });

  test("what was ordered can be stopped, stays as it is, and is done anew once, elsewhere", async () => {
    const id = await stage.order({ parts: ["alerts"] });
    await cancelPreservation({ ctx: ctx(dana), input: { itemId: id } });
    await stage.work();
    expect((await view(id)).state).toBe("cancelled");
    expect(await readdir(stage.folder)).not.toContain(id);
    const { itemId } = await redoPreservation({ ctx: ctx(dana), input: { itemId: id } });
    await expect(redoPreservation({ ctx: ctx(dana), input: { itemId: id } })).rejects.toMatchObject({
      code: "conflict",
    });
    await stage.work();
    expect(await view(itemId)).toMatchObject({ state: "whole", redoOf: id });
    expect((await view(id)).redoneAs).toBe(itemId);
    await expect(redoPreservation({ ctx: ctx(dana), input: { itemId } })).rejects.toMatchObject({
      code: "precondition_failed",
    });
  });

  test("with Redis away the rows are preserved all the same, and it is partial, with why", async () => {
    const id = await stage.order();
    await stage.engine.stop();
    await stage.work();
    await stage.engine.start();
    await expect.poll(() => stage.caracal.redis.status, { timeout: 10_000 }).toBe("ready"); // for the tests that follow
    const item = await view(id);
    expect(item).toMatchObject({
      state: "partial",
      error: expect.stringContaining("Streams and dead letters, raw not preserved"),
    });
    expect(item.files.map(({ name }) => name)).toContain("audit_events.csv.gz");
    const manifest = JSON.parse(await readFile(join(stage.folder, id, "manifest.json"), "utf8")) as { whole: boolean };
    expect(manifest.whole).toBe(false);
    expect(await readFile(join(stage.folder, id, "README.md"), "utf8")).toContain("IT IS NOT WHOLE");
  });

  test("a window, a zone and a partition hold their rows and no others, as the estimate says within reason", async () => {
    const [zone] = await stage.caracal.db.query<{ zone_id: string; n: number; middle: Date }>(
      `SELECT zone_id, count(*)::int AS n, to_timestamp(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM occurred_at))) AS middle
         FROM audit_events GROUP BY zone_id ORDER BY 2 DESC LIMIT 1`,
    );
    const from = zone?.middle.toISOString() ?? "";
    const rowsOf = async (id: string) =>
      (await view(id)).files.find(({ name }) => name === "audit_events.csv.gz")?.rows;
    const scope = { parts: ["rows"] as const, zoneId: zone?.zone_id ?? "" };
    const [later] = await stage.caracal.db.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM audit_events WHERE zone_id = $1 AND occurred_at >= $2",
      [zone?.zone_id, from],
    );
    expect(await rowsOf(await preserved(scope))).toBe(zone?.n);
    expect(await rowsOf(await preserved({ ...scope, from }))).toBe(later?.n);
    expect(await rowsOf(await preserved({ ...scope, to: from }))).toBe((zone?.n ?? 0) - (later?.n ?? 0));
    expect(await rowsOf(await preserved({ parts: ["rows"], partition: "audit_events_y2026m11" }))).toBe(647);
    await expect(stage.order({ parts: ["rows"], partition: "audit_events_y1999m01" })).rejects.toMatchObject({
      code: "not_found",
    });
    const estimate = await estimatePreservation({ ctx: ctx(dana), input: estimateInput.parse({}) });
    expect(estimate.rows).toBeGreaterThan(600);
    expect(estimate.streamEntries).toBeGreaterThan(600);
    expect(estimate.stores).toEqual([{ store: "folder", place: stage.folder }]);
  });

  test("a zone that Caracal's table does not know is preserved too: it has a chain all the same", async () => {
    const owner = openDatabase({
      url: stage.caracalDatabase.ownerUrl,
      label: "owner",
      max: 1,
      statementTimeoutMs: 5_000,
    });
    try {
      await owner.query(
        `INSERT INTO audit_events SELECT (jsonb_populate_record(NULL::audit_events, to_jsonb(e) || '{"id": "of-nobody", "zone_id": "unknown-zone"}')).*
           FROM audit_events e WHERE chain_seq = 2 LIMIT 1`,
      );
      const id = await preserved({ parts: ["rows"], zoneId: "unknown-zone" });
      expect((await view(id)).files.find(({ name }) => name === "audit_events.csv.gz")?.rows).toBe(1);
      await expect(stage.order({ parts: ["rows"], zoneId: "nowhere" })).rejects.toMatchObject({ code: "not_found" });
    } finally {
      await owner.query("DELETE FROM audit_events WHERE zone_id = 'unknown-zone'");
      await owner.close();
    }
  });

  test("Postgres's logs of the window are preserved as they are now", async () => {
    const logs = await mkdtemp(join(tmpdir(), "pg-logs-"));
    await writeFile(join(logs, "postgresql-1.log"), "connection authorized: user=mallory\n");
    const id = await stage.order({ parts: ["logs"] });
    await advanceOneItem({ ...stage.worker, settings: { ...stage.settings, POSTGRES_LOG_FOLDER: logs } });
    const item = await view(id);
    expect(item).toMatchObject({ state: "whole", missing: [] });
    expect(item.files.map(({ name }) => name)).toContain("postgres-logs.postgresql-1.log.gz");
    await rm(logs, { recursive: true });
  });

  test("a folder of logs that is named and cannot be read makes it partial, with why", async () => {
    const id = await stage.order({ parts: ["admin", "logs"] });
    const settings = { ...stage.settings, POSTGRES_LOG_FOLDER: join(stage.folder, "not-mounted") };
    await advanceOneItem({ ...stage.worker, settings });
    expect(await view(id)).toMatchObject({
      state: "partial",
      error: expect.stringMatching(
        /^Access logs of Postgres not preserved: POSTGRES_LOG_FOLDER cannot be read: ENOENT/,
      ),
    });
  });

  test("a stream that Redis refuses to speak of is not one that is not there", async () => {
    const key = "caracal.sessions.revoke.dead"; // there is none in the recording
    const { redis } = stage.caracal;
    await redis.set(key, "no stream");
    try {
      await expect(streamExtents(redis)).rejects.toThrow(`Redis refused XINFO STREAM ${key}: WRONGTYPE`);
    } finally {
      await redis.del(key);
    }
    expect((await streamExtents(redis)).map(({ stream }) => stream)).toContain("caracal.audit.events");
  });

  test("the retention policy removes what is past it, never what an open incident holds, and each removal stays on record", async () => {
    const { incidentId } = await declareIncident({
      ctx: { db: stage.db, actor: dana },
      input: declareIncidentInput.parse({ title: "Still open", severity: "P1" }),
    });
    const [free, held, young] = [
      await preserved(),
      await preserved({ parts: ["alerts"], incidentId }),
      await preserved(),
    ];
    const { incidentId: insider } = await declareIncident({
      ctx: { db: stage.db, actor: dana },
      input: declareIncidentInput.parse({ title: "Insider, past its time", severity: "P1", restricted: true }),
    });
    const secret = await preserved({ parts: ["alerts"], incidentId: insider });
    await stage.owner.query("ALTER TABLE evidence_items DISABLE TRIGGER evidence_items_stand");
    await stage.owner.query("UPDATE evidence_items SET finished_at = now() - interval '40 days' WHERE id = ANY ($1)", [
      [free, held, secret],
    ]);
    await stage.owner.query("ALTER TABLE evidence_items ENABLE TRIGGER evidence_items_stand");
    const path = join(stage.folder, "policy.json");
    await writeFile(path, JSON.stringify({ keepDays: { default: 30, P1: 35 } }));
    expect((await retentionView(stage.db, path, dana)).expired.map(({ id, heldBy }) => [id, heldBy === null])).toEqual(
      expect.arrayContaining([
        [free, true],
        [held, false],
        [secret, false],
      ]),
    );
    const seenByRita = (await retentionView(stage.db, path, rita)).expired.map(({ id }) => id);
    expect(seenByRita).toEqual(expect.arrayContaining([free, held]));
    expect(seenByRita).not.toContain(secret);
    const outcomes: Record<string, string> = {};
    for await (const { item, outcome } of removeExpired(stage.db, stage.stores, path)) outcomes[item.id] = outcome;
    expect(outcomes[free]).toMatch(/files removed$/);
    expect(outcomes[held]).toMatch(/^kept: INC-\d+ holds it/);
    expect(outcomes[secret]).toMatch(/^kept: INC-\d+ holds it/);
    expect(outcomes[young]).toBeUndefined();
    expect((await view(free)).state).toBe("removed");
    expect(await acts(free)).toEqual(expect.arrayContaining(["removed console"]));
    await expect(stat(join(stage.folder, free))).rejects.toThrow("ENOENT");
    expect((await readdir(join(stage.folder, held))).length).toBeGreaterThan(0);
    await writeFile(path, JSON.stringify({ keepDays: { default: 0 } }));
    expect(await retentionView(stage.db, path, dana)).toMatchObject({
      keepDays: null,
      expired: [],
      problem: expect.stringContaining("keepDays.default"),
    });
    for (const option of [[], ["--remove"]]) {
      const said = spawnSync(process.execPath, ["--import", "tsx", "scripts/evidence-retention.ts", ...option], {
        encoding: "utf8",
        env: { ...process.env, ...stage.environment, EVIDENCE_RETENTION_FILE: path },
      });
      expect([said.status, said.stderr]).toEqual([2, expect.stringContaining("not understood, so everything is kept")]);
    }
    expect(await retentionView(stage.db, undefined, dana)).toMatchObject({ configured: false, expired: [] });
    await rm(path);
  }, 120_000); // two commands are started
});
