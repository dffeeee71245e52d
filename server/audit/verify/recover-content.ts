import { createHash } from "node:crypto";
import { canonicalJson, textsOf } from "@/server/audit/verify/canonical-json";
import { findRemainder } from "@/server/audit/verify/remainder-search";
import { microsecondsOf, nanosecondsOf, type StoredRow } from "@/server/audit/verify/stored-row";

/** The three JSON values as their bytes arrived. */
export type ArrivedJson = {
  readonly determiningPolicies: string;
  readonly diagnostics: string;
  readonly metadata: string;
};

/** Whether a row's own columns give its sealed hash, and how. `forms`: too many ways to write its numbers; `unhashed`: it has none. */
export type Recovered =
  | { readonly kind: "recovered"; readonly remainder: number; readonly nanoseconds: bigint; readonly json: ArrivedJson }
  | { readonly kind: "mismatch" | "forms" | "unhashed" };

/** More ways than these to write a row's numbers are not tried. */
export const mostForms = 4_096;
const separator = "\u001f";
const sha256Form = /^[0-9a-f]{64}$/;

/** The twelve values before the time, each followed by 0x1F (contract section 4). */
export const contentHead = (row: StoredRow, json: ArrivedJson): string =>
  [
    row.id,
    row.zone_id,
    row.event_type,
    row.request_id ?? "",
    row.decision ?? "",
    row.policy_set_id ?? "",
    row.policy_set_version_id ?? "",
    row.manifest_sha ?? "",
    row.evaluation_status ?? "",
    json.determiningPolicies,
    json.diagnostics,
    json.metadata,
    "",
  ].join(separator);

/** Nanoseconds since 1970 as Go counts them: in 64 bits, which go round before 1678 and after 2262. */
export const asGoCounts = (nanoseconds: bigint): bigint => BigInt.asIntN(64, nanoseconds);

/** The dropped nanoseconds. Where the count is negative or goes round, its last three digits are not what was dropped. */
function remainderOf(head: string, micros: bigint, sha256: string): number | null {
  const first = micros * 1_000n;
  if (first >= 0n && asGoCounts(first + 999n) === first + 999n)
    return findRemainder(Buffer.from(`${head}${micros}`, "utf8"), sha256);
  for (let remainder = 0; remainder < 1_000; remainder += 1) {
    const text = `${head}${asGoCounts(first + BigInt(remainder))}`;
    if (createHash("sha256").update(text).digest("hex") === sha256) return remainder;
  }
  return null;
}

/** Rebuilds the bytes that were hashed from a row's columns: number forms and dropped nanoseconds are tried until the hash is met. */
export function recoverContent(row: StoredRow): Recovered {
  if (row.content_sha256 === null || row.content_sha256 === "") return { kind: "unhashed" };
  const at = nanosecondsOf(row.occurred_at);
  if (!sha256Form.test(row.content_sha256) || at === null) return { kind: "mismatch" };
  let values: ReturnType<typeof canonicalJson>[];
  try {
    values = [row.determining_policies_json, row.diagnostics_json, row.metadata_json].map((text) =>
      canonicalJson(text),
    );
  } catch {
    return { kind: "mismatch" };
  }
  if (values.reduce((product, { forms }) => product * forms, 1) > mostForms) return { kind: "forms" };
  const micros = microsecondsOf(at);
  const [policies, diagnostics, metadata] = values as [(typeof values)[0], (typeof values)[0], (typeof values)[0]];
  for (const determiningPolicies of textsOf(policies))
    for (const diagnosticsText of textsOf(diagnostics))
      for (const metadataText of textsOf(metadata)) {
        const json = { determiningPolicies, diagnostics: diagnosticsText, metadata: metadataText };
        const remainder = remainderOf(contentHead(row, json), micros, row.content_sha256);
        if (remainder !== null)
          return { kind: "recovered", remainder, nanoseconds: micros * 1_000n + BigInt(remainder), json };
      }
  return { kind: "mismatch" };
}
