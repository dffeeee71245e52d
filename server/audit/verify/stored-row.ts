/** An audit_events row as Postgres gives it back: texts, the jsonb columns cast to text (contract section 2). */
export type StoredRow = {
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
  readonly occurred_at: string; // with microseconds, in any form that Postgres prints with a UTC offset
  readonly ingested_at: string | null;
  readonly content_sha256: string | null;
  readonly prev_content_sha256: string | null;
  readonly chain_hmac: string | null;
  readonly chain_seq: number | null;
  readonly ingest_signature: string | null;
};

/** Columns that an event has as texts, in the order in which it is hashed (contract section 4). */
export const textColumns = [
  "id",
  "zone_id",
  "event_type",
  "request_id",
  "decision",
  "policy_set_id",
  "policy_set_version_id",
  "manifest_sha",
  "evaluation_status",
] as const satisfies readonly (keyof StoredRow)[];
/** All columns, as audit_events has them. */
export const rowColumns = [
  ...textColumns,
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
/** Those that hold JSON: what is sensitive in them is hidden wherever they are shown. */
export const jsonColumns: ReadonlySet<string> = new Set([
  "determining_policies_json",
  "diagnostics_json",
  "metadata_json",
]);

type Column = Exclude<keyof StoredRow, "chain_seq">;

/** A row out of whatever gives the text of each column; null: it has none. */
export const storedRowOf = (text: (column: Column) => string | null, chainSeq: number | null): StoredRow => ({
  id: text("id") ?? "",
  zone_id: text("zone_id") ?? "",
  event_type: text("event_type") ?? "",
  request_id: text("request_id"),
  decision: text("decision"),
  policy_set_id: text("policy_set_id"),
  policy_set_version_id: text("policy_set_version_id"),
  manifest_sha: text("manifest_sha"),
  evaluation_status: text("evaluation_status"),
  determining_policies_json: text("determining_policies_json"),
  diagnostics_json: text("diagnostics_json"),
  metadata_json: text("metadata_json"),
  occurred_at: text("occurred_at") ?? "",
  ingested_at: text("ingested_at"),
  content_sha256: text("content_sha256"),
  prev_content_sha256: text("prev_content_sha256"),
  chain_hmac: text("chain_hmac"),
  chain_seq: chainSeq,
  ingest_signature: text("ingest_signature"),
});

const shape = /^(\d{4,6}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}(?::?\d{2})?)$/;

/** Unix nanoseconds of a time as Postgres or RFC 3339 writes it; null when it is none. */
export function nanosecondsOf(text: string): bigint | null {
  const parts = shape.exec(text);
  if (parts === null) return null;
  const [, day, time, fraction = "", offset = "Z"] = parts;
  const zone = offset === "Z" ? "Z" : offset.length === 3 ? `${offset}:00` : offset;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(milliseconds) ? null : BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** When a row was ingested, epoch ms; null where it is not told. */
export function ingestedAt({ ingested_at: text }: Pick<StoredRow, "ingested_at">): number | null {
  const at = text === null ? null : nanosecondsOf(text);
  return at === null ? null : Number(at / 1_000_000n);
}

/** What microsecond storage keeps of it: truncated, not rounded (trap 8). */
export const microsecondsOf = (nanoseconds: bigint): bigint =>
  nanoseconds / 1_000n - (nanoseconds < 0n && nanoseconds % 1_000n !== 0n ? 1n : 0n);
