import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dlq, openRedriveStage, recordedKeys, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import { loadRecordedIncident } from "@/sandbox/schema/load-recording";
import { originalsOf } from "@/server/redrive/archive";
import { listEntriesOfRun, listGroups } from "@/server/redrive/run-views";
import type { RunRow } from "@/server/redrive/run-rows";

type Recorded = { readonly id: string; readonly fields: Record<string, string> };
const recorded = readFileSync(
  new URL("../../sandbox/fixtures/recorded-incident/before/caracal.audit.events.dlq.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);

let stage: RedriveStage;
let list: RunRow;
beforeAll(async () => {
  stage = await openRedriveStage({
    auditKey: Buffer.from(recordedKeys.AUDIT_HMAC_KEY, "hex"),
    streamsKey: Buffer.from(recordedKeys.STREAMS_HMAC_KEY, "hex"),
  });
  await loadRecordedIncident({ ownerUrl: stage.urls.caracalOwner, redisUrl: stage.urls.redis });
  list = await stage.list();
});
afterAll(() => stage?.close());

const viewer = () => ({ ctx: { db: stage.db, actor: stage.actor } });

test("the recorded dead letters, entry by entry", async () => {
  expect(list).toMatchObject({ state: "planned", entries: 17, left_out: 0 });
  const { rows } = await listEntriesOfRun({ ...viewer(), input: { runId: list.id, limit: 200 } });
  expect(rows.map(({ entryId, class: what }) => [entryId, what])).toEqual(
    recorded.map(({ id, fields }) => {
      const { reason = "", src_data: data = "" } = fields;
      if (data.includes('"replay_detected"')) return [id, "security-signal"];
      if (reason === "hmac_verify_failed") return [id, "bad-signature"];
      if (reason === "tamper_on_replay") return [id, "conflict"];
      return [id, reason.startsWith("pg_permanent_error") ? "refused" : "unreadable"];
    }),
  );
  const counts: Record<string, number> = {};
  for (const { class: what } of rows) counts[what] = (counts[what] ?? 0) + 1;
  expect(counts).toEqual({ "security-signal": 8, "bad-signature": 5, conflict: 1, unreadable: 2, refused: 1 });
  expect(rows.find((one) => one.class === "conflict")?.why).toContain("decision");
  expect(rows[0]?.subject).toEqual({
    jti: "01a20a13-6936-7f20-9aa9-b7edee1d30ea",
    client: "01a20a12-3b34-766d-871d-6e94455c0ca8",
    resource: "resource://payments/ledger",
    subject: "a08138379438c2da",
    requestId: "8fcc3e1e-a553-4885-b975-44432399371f",
  });
});

test("grouped by cause with examples, what matters most first", async () => {
  const groups = await listGroups({ ...viewer(), input: { runId: list.id } });
  expect(groups.map((group) => [group.class, group.cause, group.count, group.chosen])).toEqual([
    ["security-signal", "hmac_verify_failed", 8, 0],
    ["conflict", "tamper_on_replay", 1, 0],
    ["bad-signature", "hmac_verify_failed", 5, 0],
    ["unreadable", expect.any(String), 1, 0],
    ["unreadable", expect.any(String), 1, 0],
    ["refused", "pg_permanent_error", 1, 0],
  ]);
  expect(groups[0]?.examples).toEqual(recorded.slice(0, 3).map(({ id }) => id));
});

test("the originals are kept field by field, hashed, and nobody changes them", async () => {
  const lines: string[] = [];
  for await (const rows of originalsOf(stage.db, list.id)) lines.push(...rows.map(({ line }) => line));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    recorded.map(({ id, fields }) => ({ id, fields: Object.entries(fields) })),
  );
  const hash = createHash("sha256").update(lines.map((line) => `${line}\n`).join(""));
  expect(list.archive_sha256).toBe(hash.digest("hex"));
  await expect(stage.owner.query("UPDATE dead_letter_originals SET line = ''")).rejects.toThrow();
  await expect(stage.owner.query("DELETE FROM dead_letter_originals")).rejects.toThrow();
});

test("no statement makes a conflict, a signal or a forged event go back", async () => {
  for (const [what, action] of [
    ["conflict", "redrive"],
    ["conflict", "re-sign"],
    ["security-signal", "redrive"],
    ["bad-signature", "redrive"],
    ["unreadable", "redrive"],
    ["refused", "redrive"],
  ])
    await expect(
      stage.owner.query(
        "UPDATE redrive_entries SET action = $2, state = 'waiting', replacement = CASE WHEN $2 = 're-sign' THEN '{}' END WHERE class = $1",
        [what, action],
      ),
    ).rejects.toThrow(/check constraint/);
  await expect(stage.owner.query("UPDATE redrive_entries SET class = 'missing'")).rejects.toThrow(/does not change/);
});

test("a list moves nothing", async () => {
  expect(await stage.redis.xlen(dlq)).toBe(17);
  expect(await stage.redis.xlen("caracal.audit.events")).toBe(
    readFileSync(
      new URL("../../sandbox/fixtures/recorded-incident/before/caracal.audit.events.jsonl", import.meta.url),
      "utf8",
    )
      .trim()
      .split("\n").length,
  );
});
