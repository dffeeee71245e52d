import { hourOf, hourText } from "@/server/audit/archive/export-key";
import { nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";

/** What an export and the table both hold of an event, by the table's names. The rest of an export's columns are the same for every event of a kind. */
export const comparedColumns = [
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
  "occurred_at", // to the millisecond: an export holds no more
  "content_sha256",
  "chain_hmac",
  "chain_seq",
  "ingested_at", // its hour: that of the file
] as const;
export type ComparedColumn = (typeof comparedColumns)[number];

/** An event as one side holds it: texts, an empty one told as none. */
export type ComparedRow = { readonly id: string; readonly values: Readonly<Record<ComparedColumn, string | null>> };

export const timeText = (ms: number): string => new Date(ms).toISOString();

const floorMs = (time: string): number | null => {
  const nanoseconds = nanosecondsOf(time);
  return nanoseconds === null ? null : Math.floor(Number(nanoseconds / 1_000n) / 1_000);
};

/** A row of audit_events as an export of it would hold it. */
export function comparedOf(row: StoredRow): ComparedRow {
  const occurred = floorMs(row.occurred_at);
  const ingested = row.ingested_at === null ? null : floorMs(row.ingested_at);
  const values = {} as Record<ComparedColumn, string | null>;
  for (const column of comparedColumns)
    values[column] =
      column === "occurred_at"
        ? occurred === null
          ? null
          : timeText(occurred)
        : column === "ingested_at"
          ? ingested === null
            ? null
            : hourText(hourOf(ingested))
          : column === "chain_seq"
            ? (row.chain_seq?.toString() ?? null)
            : row[column] || null;
  return { id: row.id, values };
}
