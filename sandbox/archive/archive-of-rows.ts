import { type ExportedRow, exportKey, hourlyExport } from "./hourly-export";

type IngestedRow = ExportedRow & { readonly ingested_at: string | null };

/** The exports of all rows, by their keys: each in the hour of its ingestion. */
export function archiveOfRows(rows: readonly IngestedRow[], rowGroupSize?: number): Map<string, Uint8Array> {
  const byKey = new Map<string, IngestedRow[]>();
  for (const row of rows) {
    const key = exportKey(new Date((row.ingested_at ?? "").replace(" ", "T").replace(/\+00$/, "Z")));
    byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  return new Map([...byKey].map(([key, of]) => [key, hourlyExport(of, rowGroupSize)]));
}
