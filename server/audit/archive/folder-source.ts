import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ArchiveFile,
  type ArchiveSource,
  ArchiveUnreachable,
  BadExport,
  type KeyRange,
} from "@/server/audit/archive/archive-source";

const gone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";
const reasonOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** Bytes of a file, from `start` up to, not including, `end`. */
async function read(path: string, start: number, end: number): Promise<ArrayBuffer> {
  try {
    const file = await open(path, "r");
    try {
      const bytes = Buffer.alloc(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new BadExport("damaged", "It was cut while it was read.");
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof BadExport) throw error;
    if (gone(error)) throw new BadExport("vanished", "It was there when the folder was listed, and is gone.");
    throw new BadExport("damaged", `It cannot be read: ${reasonOf(error)}.`);
  }
}

const within = (key: string, { from, to }: KeyRange) => (from === null || key >= from) && (to === null || key <= to);
/** False: nothing below this folder can lie in the range. */
const reaches = (folder: string, { from, to }: KeyRange) =>
  (from === null || `${folder}/\uffff` >= from) && (to === null || `${folder}/` <= to);

async function* walk(root: string, folder: string, range: KeyRange): AsyncGenerator<ArchiveFile> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (gone(error) && folder !== "audit") return []; // taken away while we walked
    throw new ArchiveUnreachable(`The folder ${join(root, folder)} cannot be read: ${reasonOf(error)}.`);
  });
  // A folder sorts as its keys do: by its name and a slash.
  const ordered = entries.map((entry) => ({ entry, order: entry.isDirectory() ? `${entry.name}/` : entry.name }));
  ordered.sort((a, b) => (a.order < b.order ? -1 : 1));
  for (const { entry } of ordered) {
    const key = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (reaches(key, range)) yield* walk(root, key, range);
    } else if (within(key, range)) {
      const found = await stat(join(root, key)).catch(() => null);
      if (found?.isFile() === true) yield { key, size: found.size };
    }
  }
}

/** A local folder that mirrors the bucket: `FOLDER/audit/YYYY/MM/DD/….parquet`. */
export const folderSource = (root: string): ArchiveSource => ({
  name: root,
  list: (range) => walk(root, "audit", range),
  open: ({ key, size }) => ({
    byteLength: size,
    slice: (start, end = size) => read(join(root, key), start, Math.min(end, size)),
  }),
});
