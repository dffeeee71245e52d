import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { listFindings } from "@/server/audit/checks/check-views";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { startCheck } from "@/server/audit/checks/start-check";
import { signedCopy } from "@/server/audit/signed-copy";
import { dataSignature } from "@/server/audit/verify/seals";

const folder = new URL("../../sandbox/fixtures/recorded-incident/", import.meta.url);
const { AUDIT_HMAC_KEY } = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as { AUDIT_HMAC_KEY: string };
const { changes } = JSON.parse(readFileSync(new URL("changes.json", folder), "utf8")) as {
  changes: { event_id: string; kind: string }[];
};
const key = Buffer.from(AUDIT_HMAC_KEY, "hex");
const stream = "caracal.audit.events";
let stage: KeyStage;

beforeAll(async () => {
  stage = await openKeyStage();
  await loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis, auditEvents: "after" });
});
afterAll(() => stage?.close());

const copyOf = (eventId: string, entry?: string, auditKey: Buffer | null = key) =>
  signedCopy({ ctx: { caracal: stage.caracal, auditKey }, input: { eventId, entry } });
const add = (id: string, data: string, sig: string) =>
  stage.caracal.redis.xadd(stream, "*", "id", id, "data", data, "sig", sig);

test("what was in each row that is gone is read from the entry that a check saw, and from when its id was made", async () => {
  const { checkId } = await startCheck({
    ctx: { db: stage.db, caracal: stage.caracal, actor: stage.actor },
    input: { scope: "full" },
  });
  await advanceOneCheck({ db: stage.db, caracal: stage.caracal, auditKey: key, holder: "console:test" });
  const { rows } = await listFindings({ ctx: { db: stage.db }, input: { checkId, limit: 100 } });
  const gone = new Set(["row_deleted", "tail_truncated"]);
  const removed = rows.filter(({ finding }) => gone.has(finding));
  expect(removed.map(({ eventId }) => eventId).sort()).toEqual(
    changes
      .filter(({ kind }) => gone.has(kind))
      .map(({ event_id }) => event_id)
      .sort(),
  );
  expect(rows.filter(({ finding }) => !gone.has(finding)).map(({ streamEntry }) => streamEntry)).toEqual(
    rows.filter(({ finding }) => !gone.has(finding)).map(() => null),
  );
  for (const { eventId, streamEntry } of removed) {
    const copy = await copyOf(eventId ?? "", streamEntry ?? "");
    expect(copy).toMatchObject({ state: "found", entry: streamEntry });
    const [entry] = await stage.caracal.redis.xrange(stream, streamEntry ?? "", streamEntry ?? "");
    const signed = JSON.parse(entry?.[1][entry[1].indexOf("data") + 1] ?? "{}");
    if (copy.state === "found") {
      const value = (name: string) => copy.columns.find(({ column }) => column === name)?.value;
      expect([value("decision"), value("request_id")]).toEqual([signed.decision, signed.request_id]);
    }
    expect(await copyOf(eventId ?? "")).toEqual(copy); // by the time of its id
  }
});

test("what is sensitive is hidden, and only what the key signed is heard", async () => {
  const id = "0195d3c0-0000-7000-8000-00000000abcd";
  const event = { id, zone_id: "z", event_type: "token_exchange", request_id: "r", decision: "allow" };
  const data = JSON.stringify({
    ...event,
    metadata_json: { client_secret: "hunter22", resource: "resource://x" },
    occurred_at: "2026-11-28T00:00:00Z",
  });
  const forged = await add(id, data, "0".repeat(64));
  expect(await copyOf(id, forged ?? "")).toEqual({ state: "not found", named: true, looked: 1, whole: true });
  const right = await add(id, data, dataSignature(key, data));
  const copy = await copyOf(id, right ?? "");
  expect(copy).toMatchObject({ state: "found", hidden: ["metadata_json: client_secret"] });
  expect(JSON.stringify(copy)).not.toContain("hunter22");
  expect(JSON.stringify(copy)).toContain("resource://x");
  expect(await copyOf("another id", right ?? "")).toMatchObject({ state: "not found" });
});

test("a trimmed entry, an id without a time, a missing key and an absent Redis are each said", async () => {
  expect(await copyOf(changes[0]?.event_id ?? "", "1-1")).toMatchObject({ state: "not found", named: true });
  expect(await copyOf("no-uuid")).toEqual({ state: "not found", named: false, looked: 0, whole: false });
  expect(await copyOf("no-uuid", undefined, null)).toEqual({ state: "no key" });
  stage.caracal.redis.disconnect();
  expect(await copyOf(changes[0]?.event_id ?? "", "1-1")).toEqual({ state: "unreachable" });
});
