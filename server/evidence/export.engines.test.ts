import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { attachmentBytes, noteText, person, recordedIncident } from "@/sandbox/evidence-stage/stage";
import type { Actor } from "@/server/auth/roles";
import { exportIncident } from "@/server/evidence/export-incident";
import type { ExportFormat, ExportProfile } from "@/server/evidence/schemas";
import { verifyBundle } from "@/server/evidence/verify-bundle";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

let own: ConsoleDatabase;
let db: Database;
let folder: string;
let lead: Actor;
let voter: Actor;
let viewer: Actor;
let incidentId: string;

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 30_000 });
  folder = await mkdtemp(join(tmpdir(), "export-test-"));
  lead = await person(db, "Dana Responder", "responder");
  voter = await person(db, "Ari Approver", "approver");
  viewer = await person(db, "Vera Viewer", "viewer");
  incidentId = await recordedIncident(db, { lead, voter });
});
afterAll(async () => {
  await db?.close();
  await own?.drop();
  await rm(folder, { recursive: true, force: true });
});

const settings = () => ({ CONSOLE_DATABASE_URL: own.url, EVIDENCE_SIGNING_KEY: undefined });
const make = (format: ExportFormat, profile: ExportProfile, actor = lead, id = incidentId) =>
  exportIncident({ ctx: { db, actor, settings: settings() }, input: { incidentId: id, format, profile } });
async function textOf(format: ExportFormat, profile: ExportProfile): Promise<string> {
  return text((await make(format, profile)).open());
}
async function bundleAt(name: string, profile: ExportProfile): Promise<string> {
  const made = await make("bundle", profile);
  const path = join(folder, name);
  await writeFile(path, made.open());
  const bytes = await readFile(path);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(made.sha256);
  expect(bytes.length).toBe(made.size);
  return path;
}
async function unpacked(tar: string): Promise<string> {
  const into = `${tar}.d`;
  await mkdir(into);
  execFileSync("tar", ["-xf", tar, "-C", into]);
  return into;
}

describe("a bundle", () => {
  test("verifies by the console's verifier and by the commands of its README", async () => {
    const tar = await bundleAt("whole.tar", "full");
    const verdict = await verifyBundle(tar);
    expect(verdict).toMatchObject({ whole: true, problems: [], profile: "full", pinned: false });
    expect(verdict.entries).toBeGreaterThanOrEqual(20);
    const into = await unpacked(tar);
    const readme = await readFile(join(into, "README.md"), "utf8");
    const commands = readme
      .split("\n")
      .filter((line) => line.startsWith("    "))
      .map((line) => line.trim());
    expect(commands).toHaveLength(3);
    const run = (command = "") => execFileSync("sh", ["-c", command], { cwd: into, encoding: "utf8" });
    expect(
      run(commands[0])
        .trim()
        .split("\n")
        .every((line) => line.endsWith(": OK")),
    ).toBe(true);
    expect(run(commands[1])).toMatch(/Signature Verified Successfully/i);
    expect(run(commands[2])).toContain(verdict.fingerprint);
    expect(readme).toContain(`prints ${verdict.fingerprint}`);
    const [attached = ""] = await readdir(join(into, "attachments"));
    expect(attached).toMatch(/^[0-9a-f]{64}-[A-Za-z0-9._-]+$/);
    expect(await readFile(join(into, "attachments", attached))).toEqual(attachmentBytes);
    expect(await readFile(join(into, "post-mortem.md"), "utf8")).toMatch(/^# INC-\d+: Stolen mandate/);
    expect(await readFile(join(into, "approvals.json"), "utf8")).toContain("I spoke to Dana");
    const [watch] = JSON.parse(await readFile(join(into, "watches.json"), "utf8"));
    expect(watch).toMatchObject({
      label: "entries of caracal.audit.events.dlq",
      pinnedBy: "Dana Responder",
      highest: 412,
    });
    expect(watch.points.map(([, value]: [number, number | null]) => value)).toEqual([3, 412, null, 7]);
    expect(readme).toContain("watches.json");
  });

  test("of the shared profile holds nobody's name, no address, no id of theirs, no note and no attachment", async () => {
    const tar = await bundleAt("shared.tar", "shared");
    expect(await verifyBundle(tar)).toMatchObject({ whole: true, profile: "shared" });
    const bytes = await readFile(tar, "latin1");
    for (const secret of [
      ...["Dana", "Ari Approver", "mallory", "Payments Zone", "zone-pay-01", "sess-4411", "app-7731", "203.0.113.77"],
      ...[
        "198.51.100.4",
        noteText.slice(0, 20),
        "I spoke to",
        "Mallory",
        "bersicht",
        lead.id,
        voter.id,
        lead.requestId ?? "?",
      ],
    ])
      expect(bytes.includes(secret), secret).toBe(false);
    const into = await unpacked(tar);
    expect(await readdir(into)).not.toContain("attachments");
    const lines = (await readFile(join(into, "timeline.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0].actor_name).toBe("responder-1");
    expect(lines[3].actor_name).toBe("responder-2");
    expect(lines[3].summary).toBe("responder-2 approved what responder-1 asked for");
    expect(lines[1].summary).toBe("[note left out]");
    expect(await readFile(join(into, "README.md"), "utf8")).toMatch(/What was left out/);
  });

  test("is not whole under another key than the one that is trusted", async () => {
    const tar = await bundleAt("pinned.tar", "full");
    const other = generateKeyPairSync("ed25519").publicKey;
    const verdict = await verifyBundle(tar, { pinned: other });
    expect(verdict.problems.join("\n")).toMatch(/public-key.pem: it is another key/);
    expect(verdict.problems.join("\n")).toMatch(/signature does not hold/);
  });
});

describe("the text formats", () => {
  test("JSON holds every entry with every column", async () => {
    const parsed = JSON.parse(await textOf("json", "full"));
    expect(parsed.timeline.length).toBeGreaterThanOrEqual(20);
    expect(parsed.timeline[0]).toMatchObject({
      seq: 1,
      address: "203.0.113.77",
      details: expect.stringMatching(/^\{/),
    });
    expect(parsed.approvals).toHaveLength(1);
  });

  test("HTML stands alone and lets nothing of the record become markup", async () => {
    const page = await textOf("html", "full");
    expect(page).toContain("&lt;b&gt;ünïcode&lt;/b&gt;");
    expect(page).not.toMatch(/<b>|<script|<link|<img|src=/);
    expect(page).toContain("@media print");
    expect(page.match(/<polyline/g)).toHaveLength(2); // one stroke before the gap, one after it
    expect(page).toMatch(/\| entries of caracal\.audit\.events\.dlq \|.*\| 3 \| 3 \| 412 \| 7 \|/);
  });

  test("Markdown is the post-mortem and the whole timeline", async () => {
    const written = await textOf("markdown", "full");
    expect(written).toMatch(/^# INC-/);
    expect(written).toContain("\\<b\\>ünïcode");
    expect(await textOf("markdown", "shared")).not.toContain("Dana");
  });
});

describe("an export", () => {
  test("is on the timeline with its digest; on the console's once the incident is closed", async () => {
    const id = await recordedIncident(db, { lead, voter });
    const newest = async (chain: string) =>
      (
        await db.query<{ kind: string; details: { parameters: { sha256: string } } }>(
          "SELECT kind, details FROM timeline_entries WHERE chain = $1 ORDER BY seq DESC LIMIT 1",
          [chain],
        )
      )[0];
    const made = await make("json", "full", lead, id);
    await made.discard();
    expect(await newest(id)).toMatchObject({ kind: "export.made", details: { parameters: { sha256: made.sha256 } } });
    await appendEntries(db, [{ chain: id, kind: "incident.closed", by: lead, summary: "closed" }]);
    const later = await make("html", "shared", viewer, id);
    await later.discard();
    expect(await newest(consoleChain)).toMatchObject({
      kind: "export.made",
      details: { parameters: { sha256: later.sha256 } },
    });
  });

  test("of a restricted incident is not there for who may not see it; the full profile is for its roles", async () => {
    const id = await recordedIncident(db, { lead, voter }, true);
    await expect(make("json", "shared", viewer, id)).rejects.toMatchObject({ code: "not_found" });
    await expect(make("json", "full", { ...viewer, roles: ["responder"] }, id)).rejects.toMatchObject({
      code: "not_found",
    });
    await (await make("json", "full", lead, id)).discard();
    await expect(make("json", "full", viewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(make("json", "full", voter)).rejects.toMatchObject({ code: "forbidden" });
  });

  test("leaves nothing on disk, read or unread", async () => {
    const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("caracal-export-")).length;
    const before = await left();
    await textOf("json", "full");
    await (await make("bundle", "full")).discard();
    const end = Date.now() + 5_000;
    while ((await left()) > before && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await left()).toBeLessThanOrEqual(before);
  });
});
