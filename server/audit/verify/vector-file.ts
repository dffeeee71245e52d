import { z } from "zod";
import type { StoredRow } from "@/server/audit/verify/stored-row";

const text = z.string().nullish();
const vector = z.object({
  stored: z.object({
    id: z.string(),
    zone_id: z.string(),
    event_type: z.string(),
    request_id: text,
    decision: text,
    policy_set_id: text,
    policy_set_version_id: text,
    manifest_sha: text,
    evaluation_status: text,
    determining_policies_json_text: text,
    diagnostics_json_text: text,
    metadata_json_text: text,
    occurred_at: z.string(),
    content_sha256: text,
    prev_content_sha256: text,
    chain_hmac: text,
    chain_seq: z.number().nullish(),
    ingest_signature: text,
  }),
});
type Vector = z.infer<typeof vector>;

/** The rows of a file in the form of the test vectors: `{"vectors": [{"stored": …}]}`; only `stored` is read. @throws ZodError, SyntaxError */
export const vectorsIn = (json: string): Vector[] =>
  z.object({ vectors: z.array(vector) }).parse(JSON.parse(json)).vectors;

/** One of them as a stored row. */
export const storedOfVector = ({ stored }: Vector): StoredRow => ({
  id: stored.id,
  zone_id: stored.zone_id,
  event_type: stored.event_type,
  request_id: stored.request_id ?? null,
  decision: stored.decision ?? null,
  policy_set_id: stored.policy_set_id ?? null,
  policy_set_version_id: stored.policy_set_version_id ?? null,
  manifest_sha: stored.manifest_sha ?? null,
  evaluation_status: stored.evaluation_status ?? null,
  determining_policies_json: stored.determining_policies_json_text ?? null,
  diagnostics_json: stored.diagnostics_json_text ?? null,
  metadata_json: stored.metadata_json_text ?? null,
  occurred_at: stored.occurred_at,
  ingested_at: null,
  content_sha256: stored.content_sha256 ?? null,
  prev_content_sha256: stored.prev_content_sha256 ?? null,
  chain_hmac: stored.chain_hmac ?? null,
  chain_seq: stored.chain_seq ?? null,
  ingest_signature: stored.ingest_signature ?? null,
});
