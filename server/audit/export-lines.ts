import { redactJson } from "@/server/audit/redaction/redact-json";
import { redactPlain } from "@/server/audit/redaction/sensitive-text";
import { jsonColumns, rowColumns as columns, type StoredRow } from "@/server/audit/verify/stored-row";
import { csvLine } from "@/server/platform/csv";

export type ExportLines = { readonly head: string; line(row: StoredRow): string };

/** How an export writes rows: as CSV whose cells no spreadsheet runs, or one JSON object a line, its JSON columns as Postgres prints them. */
export function exportLines(format: "csv" | "jsonl", redacted: boolean): ExportLines {
  const plainOf = (name: (typeof columns)[number], row: StoredRow) =>
    redacted ? redactPlain(name, row[name]) : row[name];
  const jsonOf = (text: string | null) => (redacted ? redactJson(text).text : text);
  if (format === "csv")
    return {
      head: csvLine(columns),
      line: (row) =>
        csvLine(
          columns.map((name) => (jsonColumns.has(name) ? jsonOf(row[name] as string | null) : plainOf(name, row))),
        ),
    };
  return {
    head: "",
    line: (row) => {
      const members = columns.map((name) => {
        const value = jsonColumns.has(name)
          ? (jsonOf(row[name] as string | null) ?? "null")
          : JSON.stringify(plainOf(name, row));
        return `${JSON.stringify(name)}:${value}`;
      });
      return `{${members.join(",")}}\n`;
    },
  };
}
