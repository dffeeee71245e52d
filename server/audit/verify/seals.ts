import { createHash, createHmac } from "node:crypto";
import { goTexts } from "@/server/audit/verify/canonical-json";
import { type ArrivedJson, asGoCounts, contentHead } from "@/server/audit/verify/recover-content";
import { type StoredRow, textColumns } from "@/server/audit/verify/stored-row";

/** What a key is called where it must not be shown. */
export const keyFingerprint = (key: Buffer): string => createHash("sha256").update(key).digest("hex").slice(0, 16);

const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest("hex");

/** content_sha256 (contract section 4): the twelve values, each followed by 0x1F, then Unix nanoseconds. */
export const contentSha256 = (row: StoredRow, json: ArrivedJson, nanoseconds: bigint): string =>
  createHash("sha256")
    .update(`${contentHead(row, json)}${asGoCounts(nanoseconds)}`)
    .digest("hex");

/** chain_hmac (contract section 4): over the content hash, `|`, and the one before it (empty when there is none). */
export const chainSeal = (key: Buffer, content: string, previous: string | null): string =>
  hmac(key, `${content}|${previous ?? ""}`);

/** `sig` of a stream entry and ingest_signature of a row: over the raw data (contract section 4). */
export const dataSignature = (key: Buffer, data: string): string => hmac(key, data);

const billion = 1_000_000_000n;

/** Unix nanoseconds as Go writes RFC 3339: UTC, the fraction without trailing zeros. */
function goTime(nanoseconds: bigint): string {
  const rest = ((nanoseconds % billion) + billion) % billion;
  const seconds = new Date(Number((nanoseconds - rest) / billion) * 1_000).toISOString().slice(0, 19);
  const fraction = rest.toString().padStart(9, "0").replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/**
 * The `data` that STS wrote for a row whose JSON and nanoseconds were recovered: its field order, optional fields left out when empty.
 * Two forms when the row has no metadata: left out, or `null`; and two where U+FFFD is in a column (`goTexts`).
 */
export function rebuiltData(row: StoredRow, json: ArrivedJson, nanoseconds: bigint): string[] {
  const forms = Math.max(...textColumns.map((column) => goTexts(row[column] ?? "").length));
  return Array.from({ length: forms }, (_, form) => dataForms(row, json, nanoseconds, form)).flat();
}

function dataForms(row: StoredRow, json: ArrivedJson, nanoseconds: bigint, form: number): string[] {
  const text = (value: string | null) => goTexts(value ?? "").at(form) ?? goTexts(value ?? "").at(-1);
  const member = (name: string, value: string | null) => `"${name}":${text(value)}`;
  const optional = (name: string, value: string | null) =>
    value === null || value === "" ? [] : [member(name, value)];
  const head = [
    member("id", row.id),
    member("zone_id", row.zone_id),
    member("event_type", row.event_type),
    member("request_id", row.request_id),
    member("decision", row.decision),
    ...optional("policy_set_id", row.policy_set_id),
    ...optional("policy_set_version_id", row.policy_set_version_id),
    ...optional("manifest_sha", row.manifest_sha),
    member("evaluation_status", row.evaluation_status),
    `"determining_policies_json":${json.determiningPolicies}`,
    `"diagnostics_json":${json.diagnostics}`,
  ];
  const time = `"occurred_at":"${goTime(nanoseconds)}"`;
  const whole = (metadata: readonly string[]) => `{${[...head, ...metadata, time].join(",")}}`;
  const given = whole([`"metadata_json":${json.metadata}`]);
  return json.metadata === "null" ? [whole([]), given] : [given];
}
