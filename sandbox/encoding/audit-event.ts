import { createHash, createHmac } from "node:crypto";
import { type GoJson, goJson, goString } from "./go-json";
import { parseRfc3339, rfc3339Nano } from "./go-time";
import { rawMembers } from "./raw-members";

/** An event as STS holds it before writing. Optional texts are left out of the wire form when empty. */
export type AuditEvent = {
  readonly id: string;
  readonly zoneId: string;
  readonly eventType: string;
  readonly requestId: string;
  readonly decision: "allow" | "deny" | "partial";
  readonly policySetId?: string;
  readonly policySetVersionId?: string;
  readonly manifestSha?: string;
  readonly evaluationStatus: string;
  readonly determiningPolicies: GoJson;
  readonly diagnostics: GoJson;
  readonly metadata?: GoJson;
  readonly occurredAt: bigint; // Unix nanoseconds
};

/** An event as it arrived: texts, and the three JSON values as the raw bytes of the wire. */
export type ArrivedEvent = {
  readonly id: string;
  readonly zone_id: string;
  readonly event_type: string;
  readonly request_id: string;
  readonly decision: string;
  readonly policy_set_id: string;
  readonly policy_set_version_id: string;
  readonly manifest_sha: string;
  readonly evaluation_status: string;
  readonly determining_policies_json: string;
  readonly diagnostics_json: string;
  readonly metadata_json: string;
  readonly occurredAt: bigint; // Unix nanoseconds
};

/** The event's `data` as STS writes it (contract section 4): its field order, empty optional fields left out. */
export function wireEvent(event: AuditEvent): string {
  const parts: string[] = [];
  const text = (key: string, value: string) => parts.push(`"${key}":${goString(value)}`);
  const optional = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== "") text(key, value);
  };
  text("id", event.id);
  text("zone_id", event.zoneId);
  text("event_type", event.eventType);
  text("request_id", event.requestId);
  text("decision", event.decision);
  optional("policy_set_id", event.policySetId);
  optional("policy_set_version_id", event.policySetVersionId);
  optional("manifest_sha", event.manifestSha);
  text("evaluation_status", event.evaluationStatus);
  parts.push(`"determining_policies_json":${goJson(event.determiningPolicies)}`);
  parts.push(`"diagnostics_json":${goJson(event.diagnostics)}`);
  if (event.metadata !== undefined) parts.push(`"metadata_json":${goJson(event.metadata)}`);
  parts.push(`"occurred_at":"${rfc3339Nano(event.occurredAt)}"`);
  return `{${parts.join(",")}}`;
}

/** `sig` of the stream entry and ingest_signature of the row: hex HMAC-SHA256 of the raw data under AUDIT_HMAC_KEY. */
export const eventSignature = (key: Buffer, data: string): string =>
  createHmac("sha256", key).update(data).digest("hex");

/** Reads `data` as ingestion does. Throws SyntaxError for broken JSON, TypeError for a wrong or missing required field. */
export function readEvent(data: string): ArrivedEvent {
  const parsed: unknown = JSON.parse(data);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new TypeError("not an object");
  const given = new Map<string, unknown>(Object.entries(parsed));
  const raw = rawMembers(data);
  const text = (key: string): string => {
    const value = given.get(key) ?? "";
    if (typeof value !== "string") throw new TypeError(`${key} is not a string`);
    return value;
  };
  const occurredAt = parseRfc3339(text("occurred_at"));
  if (occurredAt === null) throw new TypeError("occurred_at is not a time");
  return {
    id: text("id"),
    zone_id: text("zone_id"),
    event_type: text("event_type"),
    request_id: text("request_id"),
    decision: text("decision"),
    policy_set_id: text("policy_set_id"),
    policy_set_version_id: text("policy_set_version_id"),
    manifest_sha: text("manifest_sha"),
    evaluation_status: text("evaluation_status"),
    determining_policies_json: raw.get("determining_policies_json") ?? "null",
    diagnostics_json: raw.get("diagnostics_json") ?? "null",
    metadata_json: raw.get("metadata_json") ?? "null",
    occurredAt,
  };
}

/** content_sha256 (contract section 4): twelve values each followed by 0x1F, then Unix nanoseconds, hex SHA-256. */
export function contentSha256(event: ArrivedEvent): string {
  const values = [
    event.id,
    event.zone_id,
    event.event_type,
    event.request_id,
    event.decision,
    event.policy_set_id,
    event.policy_set_version_id,
    event.manifest_sha,
    event.evaluation_status,
    event.determining_policies_json,
    event.diagnostics_json,
    event.metadata_json,
  ];
  return createHash("sha256")
    .update(`${values.join("\u001f")}\u001f${BigInt.asIntN(64, event.occurredAt)}`) // Go counts in 64 bits
    .digest("hex");
}

/** chain_hmac (contract section 4): hex HMAC-SHA256 of content + "|" + previous content; empty text without a key. */
export function chainHmac(key: Buffer | null, content: string, previous: string | null): string {
  return key === null
    ? ""
    : createHmac("sha256", key)
        .update(`${content}|${previous ?? ""}`)
        .digest("hex");
}
