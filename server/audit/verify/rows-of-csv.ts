import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import type { StoredRow } from "@/server/audit/verify/stored-row";

const needed = ["id", "zone_id", "event_type", "occurred_at", "content_sha256"] as const;

/**
 * The rows of a CSV as COPY audit_events TO … CSV HEADER writes it: columns by their names in the first line, in any order. An
 * empty text is told as NULL: what is hashed is the same (contract section 4). @throws when a needed column is not there or the file is no CSV
 */
export async function* rowsOfCsv(path: string): AsyncGenerator<StoredRow> {
  const parser = createReadStream(path).pipe(parse({ bom: true, columns: true }));
  let first = true;
  for await (const record of parser as AsyncIterable<Record<string, string>>) {
    const missing = first ? needed.filter((name) => !(name in record)) : [];
    if (missing.length > 0) throw new Error(`${path} has no column ${missing.join(", ")}: it is not audit_events.`);
    first = false;
    const text = (name: string) => record[name] || null;
    yield {
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
      chain_seq: text("chain_seq") === null ? null : Number(text("chain_seq")),
      ingest_signature: text("ingest_signature"),
    };
  }
}
