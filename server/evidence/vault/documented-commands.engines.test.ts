import { spawnSync } from "node:child_process";
import { chmod, cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { removeVault } from "@/sandbox/supervisor/vault-folder";
import { startTimeAuthority, type TimeAuthority } from "@/sandbox/receivers/time-authority";
import { timeStampBy } from "@/server/evidence/vault/time-stamp";

const openssl = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!openssl)("the commands of an item's README (skipped where no openssl is on the PATH)", () => {
  let stage: VaultStage;
  let authority: TimeAuthority;
  let original: string;
  let copy: string;
  let item: string;

  beforeAll(async () => {
    authority = await startTimeAuthority();
    stage = await vaultStage({ TIMESTAMP_AUTHORITY_URL: authority.url, NOTIFY_ALLOW_HOSTS: authority.host });
    item = await stage.order({ parts: ["streams", "rows", "alerts"] });
    await stage.work();
    original = join(stage.folder, item);
  });
  afterAll(async () => {
    await stage?.close();
    await authority?.close();
  });
  beforeEach(async () => {
    copy = await mkdtemp(join(tmpdir(), "handed-over-"));
    await cp(original, copy, { recursive: true });
    await chmod(copy, 0o700);
    return () => removeVault(copy);
  });

  /** The README's own commands, as they stand in it; one line each, its exit code. */
  async function follow(): Promise<Record<string, number | null>> {
    const readme = await readFile(join(copy, "README.md"), "utf8");
    const commands = readme
      .split("\n")
      .filter((line) => /^ {4}(?:sha256sum|openssl|gunzip -c)/.test(line))
      .map((line) => line.trim().replace("authority.pem", authority.certificate));
    expect(commands).toHaveLength(5);
    return Object.fromEntries(
      commands.map((command) => [
        command.split(" ").slice(0, 2).join(" "),
        spawnSync("sh", ["-c", command], { cwd: copy, stdio: "pipe" }).status,
      ]),
    );
  }
  async function flip(name: string, at: number): Promise<void> {
    const path = join(copy, name);
    const bytes = await readFile(path);
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
  }

  test("agree that it is whole, signed, and timed", async () => {
    expect(await follow()).toEqual({
      "sha256sum --strict": 0,
      "openssl pkeyutl": 0,
      "openssl pkey": 0,
      "openssl ts": 0,
      "gunzip -c": 0,
    });
    const [row] = await stage.db.query<{ time_stamp: string; key_fingerprint: string }>(
      "SELECT time_stamp, key_fingerprint FROM evidence_items WHERE id = $1",
      [item],
    );
    expect(row?.time_stamp).toMatch(/^Time stamp of 127\.0\.0\.1:\d+: 2\d{3}-/);
    const printed = spawnSync("sh", ["-c", "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum"], {
      cwd: copy,
    });
    expect(printed.stdout.toString().split(" ")[0]).toBe(row?.key_fingerprint);
  });

  test("find one flipped bit, wherever it is", async () => {
    for (const name of (await readdir(copy)).filter((one) => !one.startsWith("manifest.sha256"))) {
      await flip(name, 12);
      expect([name, (await follow())["sha256sum --strict"]]).toEqual([name, 1]);
      await flip(name, 12);
    }
    expect((await follow())["sha256sum --strict"]).toBe(0);
    await flip("manifest.sha256", 3);
    expect(await follow()).toMatchObject({ "sha256sum --strict": 1, "openssl pkeyutl": 1, "openssl ts": 1 });
    await flip("manifest.sha256", 3);
    await flip("manifest.sha256.sig", 10);
    expect(await follow()).toMatchObject({ "sha256sum --strict": 0, "openssl pkeyutl": 1 });
    await flip("manifest.sha256.sig", 10);
    await flip("manifest.sha256.tsr", -5);
    expect(await follow()).toMatchObject({ "openssl pkeyutl": 0, "openssl ts": 1 });
  });

  test("the manifest says for each file what gunzip and sha256sum find", async () => {
    const manifest = JSON.parse(await readFile(join(copy, "manifest.json"), "utf8")) as {
      files: { name: string; rows: number; plainSha256: string; sha256: string; source: string }[];
      snapshot: {
        database: { systemIdentifier: string; database: string };
        zones: { rows: number; firstSeq: number; lastSeq: number }[];
      };
      whole: boolean;
    };
    for (const { name, plainSha256 } of manifest.files) {
      const found = spawnSync("sh", ["-c", `gunzip -c '${name}' | sha256sum`], { cwd: copy }).stdout.toString();
      expect([name, found.split(" ")[0]]).toEqual([name, plainSha256]);
    }
    const rows = manifest.files.find(({ name }) => name === "audit_events.csv.gz");
    expect(rows?.source).toMatch(/^COPY \(SELECT \* FROM audit_events\)/);
    expect(manifest.snapshot.zones.reduce((sum, zone) => sum + zone.rows, 0)).toBe(rows?.rows);
    expect(manifest.snapshot.database.systemIdentifier).toMatch(/^\d{10,}$/);
    expect(manifest.whole).toBe(true);
  });

  test("an authority that fails, or answers for another request, is said and is no obstacle", async () => {
    const settings = stage.settings;
    authority.behave("replay");
    expect(await timeStampBy(settings, Buffer.from("other bytes"))).toEqual({
      words: expect.stringContaining("its answer is for other bytes"),
      reply: null,
    });
    const digests = await readFile(join(copy, "manifest.sha256"));
    expect((await timeStampBy(settings, digests))?.words).toContain("its answer is to another request");
    authority.behave("fail");
    const id = await stage.order({ parts: ["alerts"] });
    await stage.work();
    const [row] = await stage.db.query("SELECT state, time_stamp FROM evidence_items WHERE id = $1", [id]);
    expect(row).toEqual({ state: "whole", time_stamp: expect.stringContaining("it answered 503") });
    expect(await readdir(join(stage.folder, id))).not.toContain("manifest.sha256.tsr");
    expect((await timeStampBy({ ...settings, NOTIFY_ALLOW_HOSTS: [] }, digests))?.words).toContain("without TLS");
  });
});
