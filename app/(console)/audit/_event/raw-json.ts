import type { AuditDetail, RevealedEvent } from "@/server/audit/schemas";

type Columns = Omit<
  AuditDetail,
  "likelySessions" | "likelySessionsNote" | "hidden" | "sql" | "determiningPolicies" | "diagnostics" | "metadata"
>;

/** The whole row as one JSON object, by the names of its columns; the JSON columns are put in as Postgres prints them, digit by digit. */
export function rawJson(event: Columns, json: RevealedEvent): string {
  const text = (value: string | null) => JSON.stringify(value);
  const members: readonly (readonly [string, string])[] = [
    ["id", text(event.id)],
    ["zone_id", text(event.zoneId)],
    ["event_type", text(event.eventType)],
    ["request_id", text(event.requestId)],
    ["decision", text(event.decision)],
    ["policy_set_id", text(event.policySetId)],
    ["policy_set_version_id", text(event.policySetVersionId)],
    ["manifest_sha", text(event.manifestSha)],
    ["evaluation_status", text(event.evaluationStatus)],
    ["determining_policies_json", json.determiningPolicies ?? "null"],
    ["diagnostics_json", json.diagnostics ?? "null"],
    ["metadata_json", json.metadata ?? "null"],
    ["occurred_at", text(event.occurredAt)],
    ["ingested_at", text(event.ingestedAt)],
    ["content_sha256", text(event.contentSha256)],
    ["prev_content_sha256", text(event.prevContentSha256)],
    ["chain_hmac", text(event.chainHmac)],
    ["chain_seq", event.chainSeq ?? "null"],
    ["ingest_signature", text(event.ingestSignature)],
  ];
  return `{${members.map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
}
