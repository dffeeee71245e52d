import { z } from "zod";
import { storedRowOf, type StoredRow } from "@/server/audit/verify/stored-row";

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
export const storedOfVector = ({ stored }: Vector): StoredRow => {
  const given: Readonly<Record<string, unknown>> = stored;
  return storedRowOf((column) => {
    const value = given[column] ?? given[`${column}_text`]; // jsonb columns stand there as text
    return typeof value === "string" ? value : null;
  }, stored.chain_seq ?? null);
};
