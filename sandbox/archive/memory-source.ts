import type { ArchiveSource } from "@/server/audit/archive/archive-source";

/** An archive in memory: bytes by key. For what looks at exports and not at where they lie. */
export const memorySource = (files: ReadonlyMap<string, Uint8Array>): ArchiveSource => ({
  name: "memory",
  async *list({ from, to }) {
    for (const key of [...files.keys()].sort())
      if ((from === null || key >= from) && (to === null || key <= to))
        yield { key, size: files.get(key)?.length ?? 0 };
  },
  open({ key, size }) {
    const bytes = files.get(key) ?? new Uint8Array();
    return { byteLength: size, slice: (start, end = size) => bytes.slice(start, end).buffer as ArrayBuffer };
  },
});
