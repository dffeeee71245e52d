import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rmdir, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { startCutProxy, type CutProxy } from "@/sandbox/receivers/cut-proxy";
import { startS3Server, type S3Server } from "@/sandbox/s3-server";
import { openFile } from "@/server/evidence/vault/download";
import { redoPreservation } from "@/server/evidence/vault/order";
import { s3Store } from "@/server/evidence/vault/s3-store";
import { type ByteRange, StoreFailure } from "@/server/evidence/vault/store";
import { verifyItem } from "@/server/evidence/vault/verify-item";
import { getItem } from "@/server/evidence/vault/views";
import { writeFile } from "@/server/evidence/vault/write-file";

const acting = (stage: VaultStage) => ({
  db: stage.db,
  caracal: stage.caracal,
  stores: stage.stores,
  actor: stage.actor,
});
const view = (stage: VaultStage, itemId: string) => getItem({ ctx: acting(stage), input: { itemId } });

const folder = await mkdtemp(join(tmpdir(), "small-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=96k,mode=0700", "tmpfs", folder]).status === 0;

describe.skipIf(!mounted)("a full disk (skipped where no tmpfs may be mounted)", () => {
  let stage: VaultStage;
  beforeAll(async () => {
    stage = await vaultStage({ EVIDENCE_FOLDER: folder });
  });
  afterAll(async () => {
    await stage?.close();
    spawnSync("umount", [folder]);
    await rmdir(folder).catch(() => undefined);
  });

  test("leaves what was whole until then, marked as partial, and nothing half under its name; with room it is done anew", async () => {
    const id = await stage.order({ parts: ["admin", "rows", "streams"] });
    await stage.work();
    const item = await view(stage, id);
    expect(item).toMatchObject({ state: "partial", manifestSha256: null, error: expect.stringContaining("ENOSPC") });
    expect((await readdir(join(folder, id))).sort()).toEqual(item.files.map(({ name }) => name).sort());
    expect((await verifyItem({ ctx: acting(stage), input: { itemId: id } })).bad).toEqual([]);

    expect(spawnSync("mount", ["-o", "remount,size=64m", folder]).status).toBe(0);
    const { itemId } = await redoPreservation({ ctx: acting(stage), input: { itemId: id } });
    await stage.work();
    expect(await view(stage, itemId)).toMatchObject({ state: "whole", redoOf: id });
    expect(await view(stage, id)).toMatchObject({ state: "partial", redoneAs: itemId });
    await chmod(join(folder, itemId), 0o700);
  });
});

describe("a bucket", () => {
  let server: S3Server;
  let proxy: CutProxy;
  let stage: VaultStage;
  beforeAll(async () => {
    server = await startS3Server("vault");
    proxy = await startCutProxy(server.endpoint);
    stage = await vaultStage({ EVIDENCE_S3_BUCKET: "vault", EVIDENCE_S3_ENDPOINT: proxy.url });
  });
  afterAll(async () => {
    await stage?.close();
    await proxy?.close();
    await server?.close();
  });
  const keys = async (prefix: string) =>
    ((await server.s3.send(new ListObjectsV2Command({ Bucket: "vault", Prefix: prefix }))).Contents ?? []).map(
      ({ Key }) => Key?.split("/").at(-1) ?? "",
    );

  test("takes an item as the folder does, at once with it; a copy that is lost in one is given from the other", async () => {
    const id = await stage.order({ parts: ["alerts", "rows"], stores: ["folder", "s3"] });
    await stage.work();
    const item = await view(stage, id);
    expect(item.state).toBe("whole");
    expect((await keys(`evidence/${id}/`)).sort()).toEqual(item.files.map(({ name }) => name).sort());
    expect(await verifyItem({ ctx: acting(stage), input: { itemId: id } })).toEqual({
      files: item.files.length * 2,
      bad: [],
    });
    const name = "audit_events.csv.gz";
    await chmod(join(stage.folder, id), 0o700);
    await unlink(join(stage.folder, id, name));
    const file = await openFile({ ctx: acting(stage), input: { itemId: id, name, rangeOf: () => null } });
    expect(
      createHash("sha256")
        .update(await buffer(await file.open()))
        .digest("hex"),
    ).toBe(file.sha256);
    const { custody, mismatches } = await view(stage, id);
    expect(mismatches).toBe(1);
    expect(custody[0]?.note).toContain("from the s3");
  });

  test("takes a large file in parts, gives any range of it, and never writes a name twice", async () => {
    const place = { s3: server.s3, bucket: "vault", prefix: "large" };
    const store = s3Store(place, async () => null);
    const bytes = randomBytes(20 * 1024 * 1024);
    const source = async function* () {
      for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
    };
    const written = await writeFile({ stores: [store], item: "i", name: "big.gz", source: source() });
    const give = async (range?: ByteRange) => buffer((await store.read("i", "big.gz", range)) ?? Readable.from([]));
    const read = await give();
    expect(createHash("sha256").update(read).digest("hex")).toBe(written.sha256);
    expect(gunzipSync(read).equals(bytes)).toBe(true);
    const range = await give({ from: 9_000_000, to: 9_000_099 });
    expect(range.equals(read.subarray(9_000_000, 9_000_100))).toBe(true);
    await expect(writeFile({ stores: [store], item: "i", name: "big.gz", source: source() })).rejects.toThrow(
      "is there already",
    );
    expect(await store.read("i", "absent.gz")).toBeNull();
  });

  test("cut off in the middle of a large file leaves nothing under its name", async () => {
    const bytes = randomBytes(24 * 1024 * 1024);
    const store = stage.stores.get("s3");
    if (store === undefined) throw new Error("no bucket");
    proxy.cutAfter(12 * 1024 * 1024);
    const source = async function* () {
      for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
    };
    await expect(writeFile({ stores: [store], item: "cut", name: "big.gz", source: source() })).rejects.toThrow(
      StoreFailure,
    );
    proxy.cutAfter(null);
    expect(await keys("evidence/cut/")).toEqual([]);
  });

  test("cut off during a preservation it is partial, with why, and is done anew when the bucket is back", async () => {
    const id = await stage.order({ parts: ["admin", "rows"], stores: ["s3"] });
    proxy.cutAfter(60_000);
    await stage.work();
    proxy.cutAfter(null);
    const item = await view(stage, id);
    expect(["partial", "failed"]).toContain(item.state);
    expect(item).toMatchObject({ manifestSha256: null, error: expect.any(String) });
    expect(await keys(`evidence/${id}/`)).not.toContain("manifest.sha256.sig");
    const { itemId } = await redoPreservation({ ctx: acting(stage), input: { itemId: id } });
    await stage.work();
    expect(await view(stage, itemId)).toMatchObject({ state: "whole" });
    expect((await verifyItem({ ctx: acting(stage), input: { itemId } })).bad).toEqual([]);
  });
});
