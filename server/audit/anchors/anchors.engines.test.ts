import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChainRow, honestEvents } from "@/sandbox/audit-chain/honest-chain";
import { loadChainRows } from "@/sandbox/audit-stage/load-chain";
import { person, recordedIncident } from "@/sandbox/evidence-stage/stage";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { anchorHeads } from "@/server/audit/anchors/anchor-heads";
import { anchorsView } from "@/server/audit/anchors/anchors-view";
import { keepAnchorings } from "@/server/audit/anchors/keep-anchorings";
import { exportIncident } from "@/server/evidence/export-incident";
import { signingKey } from "@/server/evidence/signing-key";
import { verifyBundle } from "@/server/evidence/verify-bundle";

const key = Buffer.alloc(32, 8);
let stage: KeyStage;
let folder: string;
let file: string;
let zoneId: string;
let events: ReturnType<typeof honestEvents>;
const rows: ChainRow[] = [];

beforeEach(async () => {
  stage = await openKeyStage();
  folder = await mkdtemp(join(tmpdir(), "anchors-"));
  file = join(folder, "anchors.jsonl");
  zoneId = await stage.newZone();
  events = honestEvents(Math.random, key, { zoneId });
  rows.length = 0;
});
afterEach(async () => {
  await stage.close();
  await rm(folder, { recursive: true, force: true });
});

async function ingest(count: number): Promise<void> {
  const more = Array.from({ length: count }, () => (events.next().value as { row: ChainRow }).row);
  rows.push(...more);
  const client = await stage.caracalOwner.connect();
  await loadChainRows(client, more);
  client.release();
}
const settings = () => ({ CONSOLE_DATABASE_URL: stage.urls.console, EVIDENCE_SIGNING_KEY: undefined });
const outside = (path = file) => ({ file: path, webhook: undefined, allowHosts: [] });
const keep = (path?: string) =>
  keepAnchorings({ ctx: { db: stage.db, outside: outside(path), key: signingKey(settings()) } });
const ctx = () => ({ db: stage.db, caracal: stage.caracal });

/** What the auditor's tool says of rows held against anchors. */
function offline(given: readonly ChainRow[], more: readonly string[] = []) {
  const cell = (value: unknown) => (value === null ? "" : `"${String(value).replaceAll('"', '""')}"`);
  const names = Object.keys(given[0] ?? {});
  const csv = [names.join(","), ...given.map((row) => Object.values(row).map(cell).join(","))].join("\r\n");
  const path = join(folder, "rows.csv");
  execFileSync("tee", [path], { input: csv, stdio: ["pipe", "ignore", "inherit"] });
  try {
    const said = execFileSync(
      process.execPath,
      ["--import", "tsx", "scripts/verify-evidence.ts", "--rows", path, "--anchors", file, ...more],
      { env: { PATH: process.env.PATH, NODE_ENV: "test", AUDIT_HMAC_KEY: key.toString("hex") }, stdio: "pipe" },
    );
    return { code: 0, said: said.toString() };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { code: status, said: `${stdout}${stderr}` };
  }
}

test("each anchoring is a signed line outside, chained; the offline tool finds by it what was cut and refuses one that was changed", async () => {
  await ingest(6);
  expect(await anchorHeads(ctx(), stage.actor)).toBe(1);
  await ingest(3);
  await anchorHeads(ctx(), null);
  expect(await keep()).toBe(2);
  expect(await keep()).toBe(0);
  expect(await anchorsView({ ctx: { db: stage.db, outside: outside() } })).toMatchObject({
    newest: { n: 2, by: "the schedule", zones: 1 },
    places: [{ place: "file", waiting: 0, problem: null }],
  });
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const [one, two] = lines.map((line) => JSON.parse(line));
  expect(two.previous).toBe(one.sha256);
  expect([one.n, one.by, one.heads[0].chain_seq]).toEqual([1, "Sol Security", 6]);
  await expect(stage.db.query("DELETE FROM audit_anchorings")).rejects.toThrow();

  const pem = join(folder, "key.pem");
  await writeFile(pem, signingKey(settings()).publicPem);
  expect(offline(rows, ["--key", pem])).toMatchObject({ code: 0, said: expect.stringContaining('"removed":0') });
  const cut = offline(rows.slice(0, 7));
  expect(cut.code).toBe(1);
  expect(cut.said.match(/tail_truncated/g)).toHaveLength(2);
  await writeFile(file, lines.join("\n").replace(one.heads[0].content_sha256, "0".repeat(64)));
  expect(offline(rows)).toMatchObject({ code: 2, said: expect.stringContaining("anchoring 1 was changed") });
  await writeFile(file, [lines[1], lines[1]].join("\r\n"));
  expect(offline(rows).code).toBe(0); // written twice after a crash
});

test("what cannot be written outside waits and is said; it goes when the place is back", async () => {
  await ingest(2);
  await anchorHeads(ctx(), null);
  const lost = join(folder, "gone", "anchors.jsonl");
  expect(await keep(lost)).toBe(0);
  const [place] = (await anchorsView({ ctx: { db: stage.db, outside: outside() } })).places;
  expect(place).toMatchObject({ waiting: 1, problem: expect.stringContaining("ENOENT") });
  expect(await keep()).toBe(1);
});

test("the evidence bundle brings the anchorings along, and a changed one is told", async () => {
  await ingest(4);
  await anchorHeads(ctx(), null);
  const lead = await person(stage.db, "Dana Responder", "responder");
  const voter = await person(stage.db, "Ari Approver", "approver");
  const incidentId = await recordedIncident(stage.db, { lead, voter });
  const made = await exportIncident({
    ctx: { db: stage.db, actor: lead, settings: settings() },
    input: { incidentId, format: "bundle", profile: "full" },
  });
  const path = join(folder, "bundle.tar");
  await writeFile(path, made.open());
  expect(await verifyBundle(path)).toMatchObject({ whole: true, problems: [] });
  const bytes = await readFile(path);
  const at = bytes.indexOf('"chain_seq":4');
  expect(at).toBeGreaterThan(0);
  bytes[at + 12] = "5".charCodeAt(0);
  await writeFile(path, bytes);
  expect((await verifyBundle(path)).problems.join("\n")).toContain("anchors.jsonl: line 1: anchoring 1 was changed");
});
