import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { person, recordedIncident } from "@/sandbox/evidence-stage/stage";
import { exportIncident } from "@/server/evidence/export-incident";
import { blockSize, headerOf, readHeader } from "@/server/evidence/tar-block";
import { verifyBundle } from "@/server/evidence/verify-bundle";
import { type Database, openDatabase } from "@/server/platform/postgres";

type Member = { name: string; at: number; size: number; content: Buffer };

let own: ConsoleDatabase;
let db: Database;
let folder: string;
let path: string;
let whole: Buffer;
let members: Member[];

beforeAll(async () => {
  own = await freshConsoleDatabase();
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 30_000 });
  folder = await mkdtemp(join(tmpdir(), "bundle-test-"));
  path = join(folder, "bundle.tar");
  const lead = await person(db, "Dana Responder", "responder");
  const incidentId = await recordedIncident(db, { lead, voter: await person(db, "Ari Approver", "approver") });
  const settings = { CONSOLE_DATABASE_URL: own.url, EVIDENCE_SIGNING_KEY: undefined };
  const made = await exportIncident({
    ctx: { db, actor: lead, settings },
    input: { incidentId, format: "bundle", profile: "full" },
  });
  whole = await buffer(made.open());
  members = membersOf(whole);
});
afterAll(async () => {
  await db?.close();
  await own?.drop();
  await rm(folder, { recursive: true, force: true });
});

function membersOf(tar: Buffer): Member[] {
  const found: Member[] = [];
  for (let at = 0; ; ) {
    const header = readHeader(tar.subarray(at, at + blockSize));
    if (header === null) return found;
    const { name, size } = header;
    found.push({ name, at, size, content: tar.subarray(at + blockSize, at + blockSize + size) });
    at += blockSize + Math.ceil(size / blockSize) * blockSize;
  }
}
const packed = (list: readonly { name: string; content: Buffer }[]): Buffer =>
  Buffer.concat([
    ...list.flatMap(({ name, content }) => [
      headerOf({ name, size: content.length, mtime: 1_700_000_000 }),
      content,
      Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize),
    ]),
    Buffer.alloc(2 * blockSize),
  ]);
async function verdictOf(tar: Buffer) {
  await writeFile(path, tar);
  return verifyBundle(path);
}
/** Packs anew with some members changed, and the manifest made to fit. */
function rebuilt(change: Readonly<Record<string, Buffer>>): Buffer {
  const list = members.map(({ name, content }) => ({ name, content: change[name] ?? content }));
  const manifest = list
    .filter(({ name }) => !name.startsWith("manifest."))
    .map(({ name, content }) => `${createHash("sha256").update(content).digest("hex")}  ${name}\n`)
    .join("");
  return packed(list.map((one) => (one.name === "manifest.sha256" ? { ...one, content: Buffer.from(manifest) } : one)));
}
const memberAt = (position: number): number => members.findLastIndex(({ at }) => at <= position);

test("the walker's headers are the tar library's own, byte for byte", async () => {
  expect(await verdictOf(whole)).toMatchObject({ whole: true, problems: [] });
  expect(members.map(({ name }) => name)).toContain("timeline.jsonl");
  const end = members.at(-1);
  expect(whole.length).toBe((end?.at ?? 0) + 2 * blockSize + 2 * blockSize);
});

describe("one flipped bit", () => {
  test("in any region of the file is found, and named by its member", async () => {
    const last = members.at(-1);
    const endMark = (last?.at ?? 0) + 2 * blockSize;
    const positions = new Set<number>();
    for (const { at, size } of members) {
      for (let offset = 0; offset < blockSize; offset += 3) positions.add(at + offset); // every field of its header
      for (const offset of [0, 1, size >> 2, size >> 1, size - 2, size - 1]) positions.add(at + blockSize + offset);
      const padding = at + blockSize + size;
      if (size % blockSize !== 0)
        for (const offset of [0, 1, blockSize - (size % blockSize) - 1]) positions.add(padding + offset);
    }
    for (const offset of [0, 1, 511, 512, 1_000, 1_023]) positions.add(endMark + offset);
    for (let at = 7; at < whole.length; at += 211) positions.add(at);
    for (const position of positions) {
      const flipped = Buffer.from(whole);
      flipped[position] = (flipped[position] ?? 0) ^ (1 << (position % 8));
      const { whole: holds, problems } = await verdictOf(flipped);
      expect(holds, `byte ${position}`).toBe(false);
      const index = memberAt(position);
      const { name = "", at = 0 } = members[index] ?? {};
      const said = problems.join("\n");
      if (position >= endMark) expect(said, `byte ${position}`).toMatch(/end|header after manifest\.sha256\.sig/);
      else if (position < at + blockSize)
        expect(said, `byte ${position}`).toContain(
          `header after ${members[index - 1]?.name ?? "the beginning"} (byte ${at}`,
        );
      else expect(said, `byte ${position}`).toContain(name);
    }
  });

  test("in the timeline names the entry too", async () => {
    const timeline = members.find(({ name }) => name === "timeline.jsonl");
    const fifth = timeline?.content.indexOf("Sessions sess-4411") ?? -1;
    expect(fifth).toBeGreaterThan(0);
    const flipped = Buffer.from(whole);
    const position = (timeline?.at ?? 0) + blockSize + fifth;
    flipped[position] = (flipped[position] ?? 0) ^ 1;
    const { problems } = await verdictOf(flipped);
    expect(problems).toContain("timeline.jsonl: its bytes differ from the manifest");
    expect(problems.join("\n")).toMatch(/timeline\.jsonl: entry 5: its contents do not give its hash/);
  });
});

describe("a bundle that was", () => {
  test("cut off anywhere is found", async () => {
    for (const length of [0, 100, 512, 700, 5_000, whole.length - 1_024, whole.length - 512, whole.length - 1]) {
      const verdict = await verdictOf(whole.subarray(0, length));
      expect(verdict.whole, `${length} bytes`).toBe(false);
      expect(verdict.problems.join("\n")).toMatch(/cut off|ends within it|end of the file/);
    }
    expect((await verdictOf(Buffer.concat([whole, Buffer.alloc(1)]))).problems.join()).toMatch(/end of the file/);
  });

  test("given one member more, one less, or one twice is found", async () => {
    const extra = await verdictOf(packed([...members, { name: "attachments/../../evil", content: Buffer.from("x") }]));
    expect(extra.problems.join("\n")).toMatch(/evil": a bundle has no such member/);
    const quiet = await verdictOf(
      packed([...members, { name: `attachments/${"a".repeat(64)}-x.txt`, content: Buffer.from("x") }]),
    );
    expect(quiet.problems.join("\n")).toMatch(/x\.txt: the manifest does not name it/);
    for (const { name } of members) {
      const { problems } = await verdictOf(packed(members.filter((member) => member.name !== name)));
      expect(problems.join("\n")).toContain(`${name}: `);
    }
    const [first] = members;
    expect((await verdictOf(packed([...members, ...(first ? [first] : [])]))).problems.join()).toMatch(/there twice/);
  });

  test("changed together with its manifest fails by its signature, and by its timeline's hashes", async () => {
    const changed = Buffer.from(
      (members.find(({ name }) => name === "timeline.jsonl")?.content.toString() ?? "").replace(
        "sess-4411",
        "sess-4419",
      ),
    );
    const { problems } = await verdictOf(rebuilt({ "timeline.jsonl": changed }));
    expect(problems.join("\n")).toMatch(/entry 5: /);
    expect(problems.join("\n")).toMatch(/signature does not hold/);
    expect(problems.join("\n")).not.toMatch(/differ from the manifest/);
  });

  test("signed anew with another key shows that key's fingerprint, and fails against the trusted one", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const swapped = membersOf(
      rebuilt({ "public-key.pem": Buffer.from(publicKey.export({ type: "spki", format: "pem" })) }),
    );
    const manifest = swapped.find(({ name }) => name === "manifest.sha256")?.content ?? Buffer.alloc(0);
    const forged = packed(
      swapped.map((one) =>
        one.name === "manifest.sha256.sig" ? { ...one, content: sign(null, manifest, privateKey) } : one,
      ),
    );
    const before = await verdictOf(whole);
    const after = await verdictOf(forged);
    expect(after).toMatchObject({ whole: true, pinned: false });
    expect(after.fingerprint).not.toBe(before.fingerprint);
    const trusted = members.find(({ name }) => name === "public-key.pem")?.content ?? "";
    const keyFile = join(folder, "trusted.pem");
    await writeFile(keyFile, trusted);
    await writeFile(join(folder, "forged.tar"), forged);
    await writeFile(path, whole);
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ["--import", "tsx", "scripts/verify-bundle.ts", ...args], { encoding: "utf8" });
    const good = run(path, "--key", keyFile);
    expect(good.status, good.stdout + good.stderr).toBe(0);
    expect(good.stdout).toContain(`WHOLE`);
    const bad = run(join(folder, "forged.tar"), "--key", keyFile);
    expect(bad.status).toBe(1);
    expect(bad.stdout).toMatch(/public-key\.pem: it is another key/);
    expect(run().status).toBe(2);
    expect(run(join(folder, "nowhere.tar")).status).toBe(2);
  });
});
