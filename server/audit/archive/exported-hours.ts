import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import { hourOfKey } from "@/server/audit/archive/export-key";

/** The first and the last hour that have an export, Unix ms, over the whole archive's names; null: there is none. @throws ArchiveUnreachable */
export async function exportedHours(
  source: ArchiveSource,
  breathe: (listed: number) => Promise<void> = async () => undefined,
): Promise<{ readonly first: number; readonly last: number } | null> {
  let [first, last]: [number | null, number | null] = [null, null];
  let listed = 0;
  for await (const { key } of source.list({ from: null, to: null })) {
    listed += 1;
    if (listed % 1_000 === 0) await breathe(listed);
    const hour = hourOfKey(key);
    if (hour === null) continue;
    first ??= hour;
    last = hour;
  }
  return first === null || last === null ? null : { first, last };
}
