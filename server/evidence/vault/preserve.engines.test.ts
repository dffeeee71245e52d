import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";

const recorded = new URL("../../../sandbox/fixtures/recorded-incident/", import.meta.url);
const fixture = (name: string) => readFile(new URL(name, recorded), "utf8");

let stage: VaultStage;
let item: string;
let place: string;

beforeAll(async () => {
  stage = await vaultStage({}, "after");
  item = await stage.order();
  await stage.work();
  place = join(stage.folder, item);
});
afterAll(() => stage?.close());

const plain = async (name: string) => gunzipSync(await readFile(join(place, `${name}.gz`))).toString("utf8");
const sorted = (text: string) => text.split("\n").sort();
const state = async (id: string) =>
  (
    await stage.db.query<{ state: string; error: string | null; missing: unknown; rows: string }>(
      "SELECT state, error, missing, rows FROM evidence_items WHERE id = $1",
      [id],
    )
  )[0];

describe("preserved evidence", () => {
  test("is whole, and says that the logs were not preserved and why", async () => {
    expect(await state(item)).toMatchObject({
      state: "whole",
      error: null,
      missing: [{ what: "Access logs of Postgres", why: expect.stringContaining("POSTGRES_LOG_FOLDER is not set") }],
    });
  });

  test("tables are the CSV of COPY, byte for byte what the recording has, and the same rows as JSON", async () => {
    for (const table of ["audit_events", "audit_ingest_alerts", "admin_audit_events", "event_outbox"]) {
      const csv = await plain(`${table}.csv`);
      const wanted = await fixture(`${table === "audit_events" ? "after" : "before"}/${table}.csv`);
      expect(sorted(csv)).toEqual(sorted(wanted));
    }
    const rows = (await plain("audit_events.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const header = (await fixture("after/audit_events.csv")).split("\n")[0];
    expect(rows.length).toBeGreaterThan(600);
    expect(Object.keys(rows[0] ?? {}).join(",")).toBe(header);
    expect(rows.some(({ diagnostics_json }) => JSON.stringify(diagnostics_json).includes("\\\\"))).toBe(true);
  });

  test("streams are an entry a line, as the recording has them", async () => {
    for (const stream of ["caracal.audit.events", "caracal.audit.events.dlq", "caracal.sessions.revoke"]) {
      const entries = (text: string) =>
        text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown);
      expect(entries(await plain(`${stream}.jsonl`))).toEqual(entries(await fixture(`before/${stream}.jsonl`)));
    }
    expect(await plain("caracal.audit.events.waiting.jsonl")).toBe("");
    expect(JSON.parse(await plain("services.json"))).toMatchObject({
      "sts-1": { ready: { failed: "connection refused" } },
    });
  });

  test("the offline tool reads it, and names exactly the twelve changes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "unpacked-"));
    const unpack = async (name: string) => {
      const path = join(folder, name);
      await writeFile(path, await plain(name));
      return path;
    };
    const keys = JSON.parse(await fixture("keys.json")) as Record<string, string>;
    try {
      const judged = (rows: string, stream: string, dlq: string) =>
        spawnSync(
          process.execPath,
          ["--import", "tsx", "scripts/verify-evidence.ts", "--rows", rows, "--stream", stream, "--dlq", dlq],
          { encoding: "utf8", env: { ...process.env, AUDIT_HMAC_KEY: keys.AUDIT_HMAC_KEY } },
        );
      const own = judged(
        await unpack("audit_events.csv"),
        await unpack("caracal.audit.events.jsonl"),
        await unpack("caracal.audit.events.dlq.jsonl"),
      );
      const path = (name: string) => fileURLToPath(new URL(name, recorded));
      const wanted = judged(
        path("after/audit_events.csv"),
        path("before/caracal.audit.events.jsonl"),
        path("before/caracal.audit.events.dlq.jsonl"),
      );
      const { changes } = JSON.parse(await fixture("changes.json")) as { changes: unknown[] };
      expect(own.stderr).toBe("");
      expect(own.stdout.trim().split("\n")).toHaveLength(changes.length + 1);
      expect(own.stdout).toBe(wanted.stdout);
      expect(own.status).toBe(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("files are read-only in a folder of their owner's, under their names alone", async () => {
    const names = await readdir(place);
    expect(names.filter((name) => name.startsWith("."))).toEqual([]);
    expect((await stat(place)).mode & 0o777).toBe(0o500);
    for (const name of names) expect([name, (await stat(join(place, name))).mode & 0o777]).toEqual([name, 0o400]);
  });
});
