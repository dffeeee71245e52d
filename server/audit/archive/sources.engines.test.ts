import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archiveOfRows } from "@/sandbox/archive/archive-of-rows";
import { type S3Server, startS3Server } from "@/sandbox/s3-server";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { type ArchiveSource, ArchiveUnreachable, BadExport } from "@/server/audit/archive/archive-source";
import { exportedHours } from "@/server/audit/archive/exported-hours";
import { hourOfKey, keyOfHour } from "@/server/audit/archive/export-key";
import { folderSource } from "@/server/audit/archive/folder-source";
import { readExport } from "@/server/audit/archive/read-export";
import { s3Source } from "@/server/audit/archive/s3-source";

const start = Date.parse("2026-11-23T22:05:00Z");
const rows = honestChain(Math.random, 60).rows.map((row, at) => ({
  ...row,
  ingested_at: new Date(start + at * 300_000).toISOString(), // five hours, over midnight
}));
const archive = archiveOfRows(rows, 5);
const keys = [...archive.keys()].sort();
const odd = "audit/2026/11/24/readme.txt";

let server: S3Server;
let folder: string;
let places: Record<"folder" | "s3", ArchiveSource>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
  server = await startS3Server("caracal-archive");
  for (const [key, bytes] of [...archive, [odd, new TextEncoder().encode("hello")] as const]) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
    await server.s3.send(new PutObjectCommand({ Bucket: server.bucket, Key: `prod/${key}`, Body: bytes }));
  }
  const notOurs = { Bucket: server.bucket, Key: `other/${keys[0]}`, Body: "x" };
  await server.s3.send(new PutObjectCommand(notOurs));
  places = { folder: folderSource(folder), s3: s3Source(server.s3, { bucket: server.bucket, prefix: "prod/" }) };
});
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const listed = async (source: ArchiveSource, from: string | null, to: string | null) => {
  const found: string[] = [];
  for await (const { key } of source.list({ from, to })) found.push(key);
  return found;
};

describe.each(["folder", "s3"] as const)("an archive in %s", (place) => {
  test("is listed in the order of its keys, from a key to a key", async () => {
    expect(await listed(places[place], null, null)).toEqual([...keys, odd].sort());
    const [, second = "", third = ""] = keys;
    expect(await listed(places[place], second, third)).toEqual([second, third]);
    expect(await listed(places[place], keyOfHour(0), keyOfHour(1))).toEqual([]);
    const last = keys.at(-1) ?? "";
    expect(await exportedHours(places[place])).toEqual({ first: hourOfKey(keys[0] ?? ""), last: hourOfKey(last) });
  });

  test("gives every event of a file, read in ranges", async () => {
    const found: string[] = [];
    for await (const file of places[place].list({ from: null, to: null })) {
      const hour = hourOfKey(file.key);
      if (hour === null) continue;
      const whole = places[place].open(file);
      const asked: number[] = [];
      const counted = {
        byteLength: whole.byteLength,
        slice: (from: number, to?: number) => {
          asked.push((to ?? whole.byteLength) - from);
          return whole.slice(from, to);
        },
      };
      const before = found.length;
      for await (const page of readExport(counted, hour)) found.push(...page.map(({ id }) => id));
      expect(asked.length).toBe(1 + Math.ceil((found.length - before) / 5)); // the footer, then each row group
    }
    expect(found.sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  test("a file that goes or shrinks after it was listed is that file's trouble", async () => {
    const key = "audit/2026/11/25/2026-11-25T10.parquet";
    const bytes = archive.get(keys[0] ?? "") ?? new Uint8Array();
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
    truncateSync(join(folder, key), 1_000);
    const object = { Bucket: server.bucket, Key: `prod/${key}` };
    await server.s3.send(new PutObjectCommand({ ...object, Body: bytes.slice(0, 1_000) }));
    const read = async () => {
      for await (const _ of readExport(places[place].open({ key, size: bytes.length }), 0)) break;
    };
    await expect(read()).rejects.toMatchObject({ name: "BadExport", kind: "damaged" });
    rmSync(join(folder, key));
    await server.s3.send(new DeleteObjectCommand(object));
    await expect(read()).rejects.toMatchObject({ name: "BadExport", kind: "vanished" });
    await expect(read()).rejects.toThrow(BadExport);
  });
});

test("a place that is not there says so, and no file is blamed", async () => {
  const nowhere = folderSource(join(folder, "nowhere"));
  await expect(listed(nowhere, null, null)).rejects.toThrow(ArchiveUnreachable);
  const noBucket = s3Source(server.s3, { bucket: "no-such-bucket", prefix: "" });
  await expect(listed(noBucket, null, null)).rejects.toThrow(/s3:\/\/no-such-bucket\/.*NoSuchBucket/);
});

test("a link that leads nowhere is passed over", async () => {
  const link = join(folder, "audit/2026/11/24/link.parquet");
  symlinkSync(join(folder, "nothing-there"), link);
  expect(await listed(places.folder, null, null)).toEqual([...keys, odd].sort());
  rmSync(link);
});
