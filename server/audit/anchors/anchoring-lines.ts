import { anchoringText, type AnchoringLine } from "@/server/audit/verify/anchoring";
import { type SigningKey, signBytes } from "@/server/evidence/signing-key";
import type { Queryable } from "@/server/platform/postgres";

/** An anchoring as it is kept in this database. */
export type AnchoringRow = {
  readonly n: number;
  readonly at: string;
  readonly by: string;
  readonly previous: string;
  readonly heads: string;
  readonly sha256: string;
};

/** Anchorings after one, oldest first. */
export const readAnchorings = (db: Queryable, after: number, limit: number): Promise<AnchoringRow[]> =>
  db.query<AnchoringRow>(
    "SELECT n::float8 AS n, at, by_name AS by, previous, heads, sha256 FROM audit_anchorings WHERE n > $1 ORDER BY n LIMIT $2",
    [after, limit],
  );

/** An anchoring as a signed line, the form that is kept outside and goes into evidence bundles. */
export function anchoringLineOf(key: SigningKey, row: AnchoringRow): string {
  const { n, at, by, previous, sha256 } = row;
  const heads = JSON.parse(row.heads) as AnchoringLine["heads"];
  const signature = signBytes(key, anchoringText({ n, at, by, previous, heads })).toString("base64");
  return JSON.stringify({
    n,
    at,
    by,
    previous,
    heads,
    sha256,
    key: key.fingerprint,
    signature,
  } satisfies AnchoringLine);
}
