import { BadExport } from "@/server/audit/archive/archive-source";
import { comparedOf, type ComparedRow } from "@/server/audit/archive/compared-row";
import { hourOfKey, keyOfHour } from "@/server/audit/archive/export-key";
import { type ComparisonTotals, noComparisonTotals } from "@/server/audit/archive/finding";
import type { Comparison, Told } from "@/server/audit/archive/comparison";
import { HourLedger } from "@/server/audit/archive/hour-ledger";
import { type Archived, type Judged, PairJudge } from "@/server/audit/archive/pair-judge";
import { readExport } from "@/server/audit/archive/read-export";
import { ExternalSort } from "@/server/audit/verify/external-sort";

const stored = -1; // in the place of a file's number
const lineOf = (from: number, { values }: ComparedRow) => JSON.stringify([from, values]);

/** Every event of the window's exports goes into the sort; files that cannot be used are named. */
async function sortArchive(
  { source, window, breathe }: Comparison,
  ledger: HourLedger,
  sort: ExternalSort,
): Promise<number> {
  let read = 0;
  for await (const file of source.list({ from: keyOfHour(window.from), to: keyOfHour(window.to) })) {
    const hour = hourOfKey(file.key);
    if (hour === null) ledger.foreignName(file);
    if (hour === null || hour < window.from || hour >= window.to) continue;
    const number = ledger.opened(file, hour);
    try {
      for await (const rows of readExport(source.open(file), hour)) {
        for (const row of rows) await sort.add(row.id, lineOf(number, row));
        read += rows.length;
        await breathe?.("reading the archive", read);
      }
    } catch (error) {
      if (!(error instanceof BadExport)) throw error;
      ledger.failed(number, error);
    }
  }
  return read;
}

async function sortTable({ rows, breathe }: Comparison, sort: ExternalSort): Promise<number> {
  let read = 0;
  for await (const row of rows) {
    await sort.add(row.id, lineOf(stored, comparedOf(row)));
    read += 1;
    if (read % 1_000 === 0) await breathe?.("reading the table", read);
  }
  return read;
}

/** What both sides hold under each id, in the order of the ids; events of files that cannot be used are left out. */
function* byId(sort: ExternalSort, ledger: HourLedger): Generator<Judged> {
  let [id, archived, rows]: [string | null, Archived[], ComparedRow[]] = [null, [], []];
  for (const { key, text } of sort.drain()) {
    if (key !== id) {
      if (id !== null) yield { id, archived, stored: rows };
      [id, archived, rows] = [key, [], []];
    }
    const [from, values] = JSON.parse(text) as [number, ComparedRow["values"]];
    if (from === stored) rows.push({ id: key, values });
    else if (ledger.usable(from)) archived.push({ file: from, row: { id: key, values } });
  }
  if (id !== null) yield { id, archived, stored: rows };
}

/**
 * Holds Caracal's hourly exports (contract section 4) against the table, by event id, in flat memory: both sides are sorted outside it.
 * What seems to differ is asked for again by id before it is told. Tells each difference and each file that could not be used, once;
 * at most 10,000 that hang on an hour, the totals count all. @throws ArchiveUnreachable, and what `rows`, `lookUp` or `breathe` throw
 */
export async function compareArchive(comparison: Comparison, told: Told): Promise<ComparisonTotals> {
  const totals = noComparisonTotals();
  const ledger = new HourLedger();
  const sort = new ExternalSort();
  try {
    await sortArchive(comparison, ledger, sort);
    await sortTable(comparison, sort);
    const judge = new PairJudge(comparison, ledger, totals, told.difference);
    let done = 0;
    for (const group of byId(sort, ledger)) {
      await judge.take(group);
      done += 1;
      if (done % 1_000 === 0) await comparison.breathe?.("comparing", done);
    }
    await judge.end();
  } finally {
    sort.discard();
  }
  const { differences, troubles, notCompared, unlisted, files } = ledger.settle();
  for (const one of differences) {
    totals[one.finding] += 1;
    told.difference(one);
  }
  for (const [kind, count] of unlisted) totals[kind] += count;
  totals.files = files;
  totals.not_compared = notCompared;
  totals.troubles = troubles.length;
  for (const one of troubles) told.trouble(one);
  return totals;
}
