import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, link, lstat, mkdir, open, readdir, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange, Sink, VaultStore } from "@/server/evidence/vault/store";

const code = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");
const enough = 1024 * 1024; // bytes gathered before they are written

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Written under a name of its own, synced, made read-only, then linked to its real name, which fails when that is taken; the folder
 * is synced last. After a crash the name is there with every byte, or it is not there.
 */
async function sinkOf(folder: string, name: string): Promise<Sink> {
  const path = join(folder, `.${name}.${randomUUID()}.part`);
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  let gathered: Buffer[] = [];
  let size = 0;
  const flush = async () => {
    if (gathered.length === 0) return;
    const whole = gathered.length === 1 ? (gathered[0] as Buffer) : Buffer.concat(gathered);
    gathered = [];
    size = 0;
    for (let at = 0; at < whole.length; ) at += (await file.write(whole, at)).bytesWritten;
  };
  return {
    async write(chunk) {
      gathered.push(chunk);
      size += chunk.length;
      if (size >= enough) await flush();
    },
    async commit() {
      await flush();
      await file.chmod(0o400);
      await file.sync();
      await file.close();
      await link(path, join(folder, name));
      await unlink(path);
      await syncFolder(folder);
    },
    async abort() {
      await file.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** A local folder: one folder an item, its owner's alone (0700, 0500 once it is whole), files read-only (0400). */
export function folderStore(root: string): VaultStore {
  const folderOf = (item: string) => join(root, item);
  return {
    name: "folder",
    place: root,
    async create(item, name) {
      const made = await mkdir(folderOf(item), { mode: 0o700, recursive: true });
      if (made !== undefined) await syncFolder(root);
      return sinkOf(folderOf(item), name);
    },
    async read(item, name, range?: ByteRange) {
      try {
        const file = await open(join(folderOf(item), name), constants.O_RDONLY | constants.O_NOFOLLOW);
        return file.createReadStream(range === undefined ? {} : { start: range.from, end: range.to });
      } catch (error) {
        if (code(error) !== "ENOENT") throw error;
        await open(root, constants.O_RDONLY).then((folder) => folder.close()); // a folder that is not mounted is not a file that is gone
        return null;
      }
    },
    async stamp(item, name) {
      try {
        const { ino, size, mtimeNs, ctimeNs } = await lstat(join(folderOf(item), name), { bigint: true });
        return [ino, size, mtimeNs, ctimeNs].join(" "); // the last is the kernel's: nobody sets it back as they may the time before it
      } catch (error) {
        if (code(error) !== "ENOENT") throw error;
        return null;
      }
    },
    async abandon(item) {
      const names = await readdir(folderOf(item)).catch((error: unknown) => {
        if (code(error) === "ENOENT") return [];
        throw error;
      });
      const unfinished = names.filter((name) => name.startsWith(".") && name.endsWith(".part"));
      for (const name of unfinished) await rm(join(folderOf(item), name), { force: true });
      return unfinished.length;
    },
    async close(item) {
      await chmod(folderOf(item), 0o500);
      await syncFolder(root);
    },
    async remove(item, name) {
      await chmod(folderOf(item), 0o700).catch(() => undefined);
      await rm(join(folderOf(item), name), { force: true });
      await rmdir(folderOf(item)).catch(() => undefined); // once it is empty
    },
    protection: async () => null,
  };
}
