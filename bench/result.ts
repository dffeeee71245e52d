import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One measured figure with its goal; the shape that every bench keeps. `ratio` is value over the peer's value where there is one. */
export type BenchEntry = {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string | null;
  readonly ratio: number | null;
  readonly goal: string; // "ratio >= 0.5"
  readonly pass: boolean;
};
/** A figure that only informs: shown in the table, never in the file. */
export type BenchNote = {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
};
/** What a part of a bench measured. */
export type BenchPart = { readonly entries: readonly BenchEntry[]; readonly notes: readonly BenchNote[] };
export type BenchReport = BenchPart & { readonly name: string };

const number = (value: number) =>
  value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0 });

/** Prints a report as a table and writes its entries to bench/results/<name>.json. */
export function publishReport(report: BenchReport): void {
  const rows = [
    ["figure", "value", "unit", "against", "ratio", "goal", ""],
    ...report.entries.map((entry) => [
      entry.figure,
      number(entry.value),
      entry.unit,
      entry.against ?? "",
      entry.ratio === null ? "" : number(entry.ratio),
      entry.goal,
      entry.pass ? "pass" : "FAIL",
    ]),
    ...report.notes.map((note) => [note.figure, number(note.value), note.unit, note.against ?? "", "", "", ""]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${report.name}.json`, `${JSON.stringify(report.entries, null, 2)}\n`);
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(half)] ?? Number.NaN)
    : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2;
}
