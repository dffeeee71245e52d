import { memorySource } from "@/sandbox/archive/memory-source";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { compareArchive } from "@/server/audit/archive/compare-archive";
import type { Comparison } from "@/server/audit/archive/comparison";
import { hourMs, hourOf, keyOfHour } from "@/server/audit/archive/export-key";
import type { Difference, FileTrouble } from "@/server/audit/archive/finding";
import type { StoredRow } from "@/server/audit/verify/stored-row";

/** Rows as a page of them comes. */
export async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
/** When a row was ingested, epoch ms. */
export const ingestedMs = (row: Pick<StoredRow, "ingested_at">) =>
  Date.parse((row.ingested_at ?? "").replace(" ", "T").replace(/\+00$/, "Z"));
/** The file that a row is exported in. */
export const fileOf = (row: StoredRow) => keyOfHour(hourOf(ingestedMs(row)));
/** Whole hours around some rows. */
export const windowOf = (rows: readonly StoredRow[]) => ({
  from: hourOf(Math.min(...rows.map(ingestedMs))),
  to: hourOf(Math.max(...rows.map(ingestedMs))) + hourMs,
});

/** What a comparison in memory says: of an archive's files and the rows of the table. */
export async function compared(
  archive: ReadonlyMap<string, Uint8Array>,
  rows: readonly StoredRow[],
  given: Pick<Comparison, "window"> & Partial<Comparison>,
) {
  const [differences, troubles]: [Difference[], FileTrouble[]] = [[], []];
  const lookUp = async (ids: readonly string[]) => rows.filter(({ id }) => ids.includes(id));
  const totals = await compareArchive(
    { source: memorySource(archive), zoneId: null, rows: each(rows), lookUp, partitions: [], ...given },
    { difference: (one) => differences.push(one), trouble: (one) => troubles.push(one) },
  );
  return {
    totals,
    troubles,
    differences,
    said: differences.map(({ finding, event_id, columns }) => [finding, event_id, ...columns].join(" ")).sort(),
  };
}

/** An honest chain whose rows were ingested a quarter of an hour after each other. */
export function ingested(random: () => number, length: number): StoredRow[] {
  const start = Date.parse("2026-11-23T20:05:00Z");
  return honestChain(random, length).rows.map((row, at) => ({
    ...row,
    ingested_at: new Date(start + at * 900_000).toISOString().replace("Z", "123Z"),
  }));
}
