import { redactJson } from "@/server/audit/redaction/redact-json";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { csvLine } from "@/server/platform/csv";

const columns = [
  "id",
  "zone_id",
  "event_type",
  "request_id",
  "decision",
  "policy_set_id",
  "policy_set_version_id",
  "manifest_sha",
  "evaluation_status",
  "determining_policies_json",
  "diagnostics_json",
  "metadata_json",
  "occurred_at",
  "ingested_at",
  "content_sha256",
  "prev_content_sha256",
  "chain_hmac",
  "chain_seq",
  "ingest_signature",
] as const satisfies readonly (keyof StoredRow)[];
const jsonColumns: ReadonlySet<string> = new Set(["determining_policies_json", "diagnostics_json", "metadata_json"]);

export type ExportLines = { readonly head: string; line(row: StoredRow): string };

/** How an export writes rows: as CSV whose cells no spreadsheet runs, or one JSON object a line, its JSON columns as Postgres prints them. */
export function exportLines(format: "csv" | "jsonl", redacted: boolean): ExportLines {
  const jsonOf = (text: string | null) => (redacted ? redactJson(text).text : text);
  if (format === "csv")
    return {
      head: csvLine(columns),
      line: (row) =>
        csvLine(columns.map((name) => (jsonColumns.has(name) ? jsonOf(row[name] as string | null) : row[name]))),
    };
  return {
    head: "",
    line: (row) => {
      const members = columns.map((name) => {
        const value = jsonColumns.has(name)
          ? (jsonOf(row[name] as string | null) ?? "null")
          : JSON.stringify(row[name]);
        return `${JSON.stringify(name)}:${value}`;
      });
      return `{${members.join(",")}}\n`;
    },
  };
}
