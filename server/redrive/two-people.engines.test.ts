import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { newPerson } from "@/sandbox/new-person";
import { addLetters, letterOf, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { startAuditProcess } from "@/sandbox/redrive-stage/audit-process";
import { dlq, openRedriveStage, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { declareIn } from "@/server/incidents/declare-incident";
import { discardAction } from "@/server/redrive/discard.action";
import { exportArchive } from "@/server/redrive/export-archive";
import { createAllowance } from "@/server/redrive/rate-allowance";
import { reSignAction } from "@/server/redrive/re-sign.action";
import { advanceOneRedrive } from "@/server/redrive/redrive-worker";
import { listEntriesOfRun } from "@/server/redrive/run-views";

const audit = "caracal.audit.events";
const zone = randomUUID();
let stage: RedriveStage;
let service: Awaited<ReturnType<typeof startAuditProcess>>;
let reSign: ApprovedAction;
let discard: ApprovedAction;
beforeAll(async () => {
  stage = await openRedriveStage();
  service = await startAuditProcess(stage);
  reSign = reSignAction(stage.ctx);
  discard = discardAction(stage);
  await stage.caracalOwner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES ($1, 'o', 'Zone', $1, '\\x00')",
    [zone],
  );
});
afterAll(async () => {
  await service?.stop();
  await stage?.close();
});
beforeEach(() => stage.redis.del(dlq));
afterEach(() =>
  stage.owner.query(
    "UPDATE redrive_runs SET state = 'cancelled', finished_at = now() WHERE state NOT IN ('finished', 'cancelled')",
  ),
);

const event = (over = {}) => madeEvent(stage.keys.audit, zone, over);
const forged = (data = event()) => letterOf({ ...data, sig: "0".repeat(64) }, "hmac_verify_failed");
const rowsOf = async (id: string) =>
  (await stage.caracalOwner.query("SELECT decision FROM audit_events WHERE id = $1", [id])).rows;

async function carryOut(action: ApprovedAction, parameters: unknown): Promise<string> {
  const stored = await agreed(stage.owner, action, parameters, stage.actor);
  expect(await action.recheck(stored)).toBeNull();
  const ref = await stage.db.transaction((tx) => action.start(tx, stored, stage.actor));
  const runId = ref.replace("redrive:", "");
  for (let turn = 0; turn < 500 && (await stage.run(runId)).state !== "finished"; turn += 1)
    if (!(await advanceOneRedrive(stage.ctx, createAllowance())))
      await new Promise((resolve) => setTimeout(resolve, 20));
  return runId;
}
const record = async (like: string) =>
  (
    await stage.db.query<{ summary: string; details: Record<string, unknown> }>(
      "SELECT summary, details FROM timeline_entries WHERE kind = $1 ORDER BY at DESC LIMIT 1",
      [like],
    )
  )[0];

test("an event is signed anew only as two people agreed, its original is kept and its origin stands on the record", async () => {
  const one = event();
  const [id = ""] = await addLetters(stage.redis, [forged(one)]);
  const runId = await carryOut(reSign, { stream: dlq, entryId: id, data: null });
  expect(await stage.run(runId)).toMatchObject({ state: "finished", kind: "re-sign", retired: 1, failed: 0 });
  expect(await rowsOf(one.id)).toHaveLength(1);
  expect(await stage.redis.xlen(dlq)).toBe(0);
  const [kept] = (await stage.owner.query("SELECT line FROM dead_letter_originals WHERE entry_id = $1", [id])).rows;
  expect(kept.line).toContain("0".repeat(64));
  const entry = await record("playbook.redrive-signed-anew");
  expect(entry?.summary).toContain(`Event ${one.id} goes to the log signed by the console`);
  expect(entry?.details).toMatchObject({
    before: { letter: id, original: expect.stringMatching(/^[0-9a-f]{64}$/) },
    after: { event: one.id, signedBy: "console", edited: false },
  });
  const { rows } = await stage.owner.query(
    "SELECT string_agg(e::text || r::text, '') AS text FROM redrive_entries e, redrive_runs r",
  );
  const [stored] = (await stage.caracalOwner.query("SELECT ingest_signature FROM audit_events WHERE id = $1", [one.id]))
    .rows;
  expect(rows[0].text).not.toContain(stored.ingest_signature); // made when it is sent, kept nowhere
});

test("what is broken is mended by editing it, and says so", async () => {
  const one = event();
  const [id = ""] = await addLetters(stage.redis, [
    letterOf({ ...one, data: one.data.slice(0, 30) }, "json_parse_error:x"),
  ]);
  await expect(reSign.freeze({ stream: dlq, entryId: id, data: null })).rejects.toThrow("no event");
  const frozen = await reSign.freeze({ stream: dlq, entryId: id, data: one.data });
  expect(frozen.blast.sentence).toContain("edited bytes");
  await carryOut(reSign, { stream: dlq, entryId: id, data: one.data });
  expect(await rowsOf(one.id)).toHaveLength(1);
  expect((await record("playbook.redrive-signed-anew"))?.details).toMatchObject({ after: { edited: true } });
});

test("a conflict, and what needs no signature, is not signed, whoever agrees", async () => {
  const [changed, missing] = [event(), event()];
  await addLetters(stage.redis, [{ id: changed.id, data: changed.data, sig: changed.sig }], audit);
  await expect.poll(() => rowsOf(changed.id), { timeout: 20_000 }).toHaveLength(1);
  await stage.caracalOwner.query("UPDATE audit_events SET decision = 'deny' WHERE id = $1", [changed.id]);
  const [conflict = "", honest = "", other = ""] = await addLetters(stage.redis, [
    letterOf(changed, "tamper_on_replay"),
    letterOf(missing, transient),
    forged(),
  ]);
  for (const entryId of [conflict, honest])
    await expect(reSign.freeze({ stream: dlq, entryId, data: null })).rejects.toThrow(
      "not signed anew, whoever agrees",
    );
  await expect(reSign.freeze({ stream: dlq, entryId: other, data: changed.data })).rejects.toThrow("there already");
});

test("the log's own entries are not letters: nobody signs them anew or takes them out, whatever was stored", async () => {
  const one = forged();
  const [id = ""] = await addLetters(stage.redis, [one]);
  const stored = await agreed(stage.owner, reSign, { stream: dlq, entryId: id, data: null }, stage.actor);
  const [live = ""] = await addLetters(stage.redis, [one], audit);
  await expect(reSign.freeze({ stream: audit, entryId: live, data: null })).rejects.toThrow("Only dead letters");
  const twisted = { ...stored, parameters: { ...(stored.parameters as object), stream: audit, entryId: live } };
  expect(await reSign.recheck(twisted)).toContain("Only dead letters");
  await expect(stage.db.transaction((tx) => reSign.start(tx, twisted, stage.actor))).rejects.toThrow(
    "Only dead letters",
  );
});

test("signing anew writes to the zone of the letter and to that of its new bytes; to any when the letter names none", async () => {
  const [one, moved] = [event(), madeEvent(stage.keys.audit, "zone-other")];
  const [whole = "", broken = ""] = await addLetters(stage.redis, [
    forged(one),
    letterOf({ ...one, data: one.data.slice(0, 30) }, "json_parse_error:x"),
  ]);
  const zones = async (entryId: string) =>
    reSign.zonesOf(await reSign.freeze({ stream: dlq, entryId, data: moved.data }));
  expect(await zones(whole)).toEqual(["zone-other", zone]);
  expect(await zones(broken)).toBe("every");
});

test("the letter must still be there as it was", async () => {
  const [id = ""] = await addLetters(stage.redis, [forged()]);
  const stored = await agreed(stage.owner, reSign, { stream: dlq, entryId: id, data: null }, stage.actor);
  await stage.redis.xdel(dlq, id);
  expect(await reSign.recheck(stored)).toContain("not in the stream any more");
});

test("discarding takes an export, deletes exactly the frozen letters, and no check calls their events removed", async () => {
  const refused = event();
  const withNul = madeEvent(stage.keys.audit, zone);
  const data = withNul.data.replace('"resource://a"', '"\\u0000"');
  const { eventSignature } = await import("@/sandbox/encoding/audit-event");
  await addLetters(stage.redis, [{ id: withNul.id, data, sig: eventSignature(stage.keys.audit, data) }], audit);
  await addLetters(stage.redis, [{ id: refused.id, data: refused.data, sig: refused.sig }], audit);
  await expect.poll(() => rowsOf(refused.id), { timeout: 20_000 }).toHaveLength(1);
  await expect.poll(() => stage.redis.xlen(dlq), { timeout: 20_000 }).toBe(1);
  await addLetters(stage.redis, [forged(), forged()]);
  const list = await stage.list();
  const parameters = { runId: list.id, classes: ["refused"] };
  await expect(discard.freeze(parameters)).rejects.toThrow("Download the originals first");
  const download = async () =>
    (await exportArchive({ ctx: { db: stage.db, actor: stage.actor }, input: { runId: list.id } })).open();
  const brokenOff = (Readable.toWeb(await download()) as ReadableStream<string>).getReader();
  await brokenOff.read();
  await brokenOff.cancel();
  await expect(discard.freeze(parameters)).rejects.toThrow("Download the originals first");
  const file = (await (await download()).toArray()).join("");
  expect(createHash("sha256").update(file).digest("hex")).toBe((await stage.run(list.id)).archive_sha256);
  const { targets } = await discard.freeze(parameters);
  const stored = await agreed(stage.owner, discard, parameters, stage.actor);
  const seen: string[] = [];
  const query = ((sql: string, values?: readonly unknown[]) => {
    seen.push(sql);
    return stage.db.query(sql, values);
  }) as typeof stage.db.query;
  expect(await discardAction({ db: { ...stage.db, query } }).recheck(stored)).toBeNull();
  expect(seen.filter((sql) => sql.includes("dead_letter_originals"))).toEqual([]); // a page that is open asks it every 3 s
  const late = await addLetters(stage.redis, [forged()]);
  const runId = await carryOut(discard, parameters);
  expect(await stage.run(runId)).toMatchObject({ state: "finished", kind: "discard", chosen: 1, retired: 1, added: 0 });
  const left = (await stage.redis.xrange(dlq, "-", "+")).map(([id]) => id);
  expect(left).not.toContain(targets[0]);
  expect(left).toHaveLength(3);
  expect(left).toContain(late[0]);
  expect(
    (await stage.owner.query("SELECT 1 FROM dead_letter_originals WHERE entry_id = $1", [targets[0]])).rows,
  ).toHaveLength(1);
  const { rows } = await listEntriesOfRun({ ctx: { db: stage.db, actor: stage.actor }, input: { runId, limit: 10 } });
  expect(rows).toMatchObject([{ class: "refused", state: "retired", action: "discard" }]);
  await expect(discard.freeze(parameters)).rejects.toThrow("No letter of these classes is left"); // nor by whom asked at the same time
  expect(await discard.recheck(stored)).toContain("dealt with meanwhile");

  const check = { db: stage.db, caracal: stage.caracal, auditKey: stage.keys.audit, holder: "console:check" };
  await startCheck({ ctx: { ...check, actor: stage.actor }, input: { zoneId: zone, scope: "full" } });
  await advanceOneCheck(check);
  const [said] = await stage.db.query<{ totals: { removed: number } }>(
    "SELECT totals FROM audit_checks ORDER BY requested_at DESC LIMIT 1",
  );
  expect(said?.totals.removed).toBe(0);
});

test("a list of a restricted incident is discarded by, and seen, only by who may see the incident", async () => {
  await addLetters(stage.redis, [forged()]);
  const list = await stage.list();
  const { incidentId } = await stage.db.transaction((tx) =>
    declareIn(tx, stage.actor, { title: "Insider", severity: "P1", origin: "by-hand" }),
  );
  await stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incidentId]);
  await stage.owner.query("UPDATE redrive_runs SET incident_id = $2, exported_at = now() WHERE id = $1", [
    list.id,
    incidentId,
  ]);
  const parameters = { runId: list.id, classes: ["bad-signature", "security-signal"] };
  const outsider = await newPerson(stage.db, "ovid", ["responder"]);
  await expect(discard.freeze(parameters, outsider)).rejects.toMatchObject({ code: "not_found" });
  await expect(discard.freeze(parameters)).rejects.toMatchObject({ code: "not_found" });
  expect((await discard.freeze(parameters, stage.actor)).targets).toHaveLength(1);
});
