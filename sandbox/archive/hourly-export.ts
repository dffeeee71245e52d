import { parquetWriteBuffer } from "hyparquet-writer";
import { parseRfc3339 } from "../encoding/go-time";

/** What the exporter reads of a row: jsonb as Postgres prints it, occurred_at as RFC 3339. */
export type ExportedRow = {
  readonly id: string;
  readonly zone_id: string;
  readonly event_type: string;
  readonly request_id: string | null;
  readonly decision: string | null;
  readonly policy_set_id: string | null;
  readonly policy_set_version_id: string | null;
  readonly manifest_sha: string | null;
  readonly evaluation_status: string | null;
  readonly determining_policies_json: string | null;
  readonly diagnostics_json: string | null;
  readonly metadata_json: string | null;
  readonly occurred_at: string;
  readonly content_sha256: string | null;
  readonly chain_hmac: string | null;
  readonly chain_seq: number | null;
};

/** The key of an hour's export (contract section 4). */
export function exportKey(hour: Date): string {
  const text = hour.toISOString().slice(0, 13);
  return `audit/${text.slice(0, 10).replaceAll("-", "/")}/${text}.parquet`;
}

const millisecondsOf = (time: string): bigint => {
  const rfc = time.replace(" ", "T").replace(/\+00$/, "Z");
  return (parseRfc3339(rfc) ?? 0n) / 1_000_000n;
};

/** One hour's export as the release writes it (contract section 4): its columns, in its order. `rowGroupSize` in rows. */
export function hourlyExport(rows: readonly ExportedRow[], rowGroupSize = 10_000): Uint8Array {
  const text = (name: string, of: (row: ExportedRow) => string | null) => ({
    name,
    data: rows.map((row) => of(row) ?? ""),
    type: "STRING" as const,
    nullable: false,
  });
  const number = (name: string, value: number) => ({
    name,
    data: rows.map(() => value),
    type: "INT32" as const,
    nullable: false,
  });
  const long = (name: string, of: (row: ExportedRow) => bigint) => ({
    name,
    data: rows.map(of),
    type: "INT64" as const,
    nullable: false,
  });
  const columnData = [
    number("class_uid", 3002),
    number("type_uid", 300201),
    number("severity_id", 1),
    number("activity_id", 1),
    long("time", (row) => millisecondsOf(row.occurred_at)),
    text("zone_id", (row) => row.zone_id),
    text("request_id", (row) => row.request_id),
    text("policy_set_version_id", (row) => row.policy_set_version_id),
    text("decision", (row) => row.decision),
    text("metadata_version", () => "1.1.0"),
    text("product_name", () => "caracal"),
    text("event_id", (row) => row.id),
    text("event_type", (row) => row.event_type),
    text("policy_set_id", (row) => row.policy_set_id),
    text("manifest_sha", (row) => row.manifest_sha),
    text("evaluation_status", (row) => row.evaluation_status),
    text("determining_policies_json", (row) => row.determining_policies_json),
    text("diagnostics_json", (row) => row.diagnostics_json),
    text("metadata_json", (row) => row.metadata_json),
    text("content_sha256", (row) => row.content_sha256),
    text("chain_hmac", (row) => row.chain_hmac),
    long("chain_seq", (row) => BigInt(row.chain_seq ?? 0)),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize, createdBy: "stand-in" }));
}
