import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logFiles } from "@/server/evidence/vault/postgres-logs";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pg-logs-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("what is left out of a folder is a gap; a folder that nobody named and a window without logs are none", async () => {
  expect(await logFiles(undefined, null)).toMatchObject({ files: [], cut: false });
  expect(await logFiles(folder, null)).toMatchObject({ files: [], cut: false });
  for (let n = 0; n < 201; n += 1) {
    const path = join(folder, `postgresql-${n}.log`);
    await writeFile(path, "connection authorized");
    await utimes(path, 1_000 + n, 1_000 + n);
  }
  const { files, ...rest } = await logFiles(folder, null);
  expect(rest).toEqual({ why: "Only the newest 200 of 201 log files.", cut: true });
  expect(files.map(({ name }) => name)).not.toContain("postgresql-0.log");
  expect(await logFiles(join(folder, "absent"), null)).toMatchObject({
    files: [],
    why: expect.stringContaining("ENOENT"),
    cut: true,
  });
});
