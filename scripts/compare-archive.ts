import { parseArgs } from "node:util";
import { compareArchive } from "@/server/audit/archive/compare-archive";
import { hourMs } from "@/server/audit/archive/export-key";
import { exportedHours } from "@/server/audit/archive/exported-hours";
import { folderSource } from "@/server/audit/archive/folder-source";
import { rowsOfCsv } from "@/server/audit/verify/rows-of-csv";
import { endWithReader } from "@/server/platform/quiet-pipe";

/**
 * npm run compare-archive -- --rows audit_events.csv --archive FOLDER [--zone ID] [--kept-from 2026-01-01]: rows against Caracal's hourly
 * exports, offline, over the hours from the first export to the last. FOLDER holds `audit/YYYY/MM/DD/…`. Events before `--kept-from` are
 * gone by retention, not missing. One JSON line for each difference and each file that cannot be used, a last one with totals. Exit code 0
 * only when everything agrees and every file could be used, 1 when not, 2 when it could not be told.
 */
const usage =
  "npm run compare-archive -- --rows audit_events.csv --archive FOLDER [--zone ID] [--kept-from 2026-01-01]";
const line = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

endWithReader();
try {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { rows: text, archive: text, zone: text, "kept-from": text } });
  if (values.rows === undefined || values.archive === undefined)
    throw new Error(`Which rows and which archive? ${usage}`);
  const keptFrom = values["kept-from"] === undefined ? null : Date.parse(values["kept-from"]);
  if (Number.isNaN(keptFrom)) throw new Error(`--kept-from is no date. ${usage}`);
  const source = folderSource(values.archive);
  const hours = await exportedHours(source);
  if (hours === null) throw new Error(`${values.archive}/audit holds no export.`);
  const totals = await compareArchive(
    {
      source,
      window: { from: hours.first, to: hours.last + hourMs },
      zoneId: values.zone ?? null,
      rows: rowsOfCsv(values.rows),
      lookUp: null,
      partitions: keptFrom === null ? [] : [{ from: keptFrom, to: Number.POSITIVE_INFINITY, holdsRows: true }],
    },
    { difference: line, trouble: line },
  );
  line(totals);
  const { missing_in_database, missing_in_archive, content_differs, columns_differ, twice_in_archive, troubles } =
    totals;
  const off = missing_in_database + missing_in_archive + content_differs + columns_differ + twice_in_archive + troubles;
  process.exitCode = off === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
