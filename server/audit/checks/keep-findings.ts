import type { Finding } from "@/server/audit/verify/finding";
import type { Queryable } from "@/server/platform/postgres";

/** A finding, where the stream has its copy, and what signed copies of it hash to. */
export type FindingToKeep = Finding & { readonly entry?: string | null; readonly signed?: readonly string[] };

/** Keeps findings of a check, numbered from `from` on. */
export async function keepFindings(
  tx: Queryable,
  checkId: string,
  from: number,
  found: readonly FindingToKeep[],
): Promise<void> {
  if (found.length === 0) return;
  await tx.query(
    `INSERT INTO audit_findings (check_id, n, zone_id, chain_seq, event_id, finding, columns, witnesses, stream_entry, signed_sha256)
     SELECT $1, (f->>'n')::int, f->>'zone_id', (f->>'chain_seq')::bigint, f->>'event_id', f->>'finding',
            ARRAY(SELECT json_array_elements_text(f->'columns')), ARRAY(SELECT json_array_elements_text(f->'witnesses')), f->>'entry',
            ARRAY(SELECT json_array_elements_text(f->'signed')) FROM json_array_elements($2::json) AS f`,
    [checkId, JSON.stringify(found.map((one, at) => ({ signed: [], ...one, n: from + at })))],
  );
}
