import type { CheckContext, CheckRow, ZoneRow } from "@/server/audit/checks/check-rows";
import type { HeardStream } from "@/server/audit/checks/hear-stream";
import { reading } from "@/server/audit/checks/reading";
import { CopyShelf } from "@/server/audit/verify/copy-shelf";
import { type Finding, removedKinds } from "@/server/audit/verify/finding";
import { judgeRow, noSealing } from "@/server/audit/verify/judge-row";
import { rowsById } from "@/server/caracal/audit-rows-by-id";

export type CarriedFinding = Finding & {
  readonly event_id: string;
  readonly entry: string | null;
  readonly signed: readonly string[];
};

const mostCarried = 2_000;
const idsAtOnce = 500;

/**
 * What stands of earlier findings that rest on a witness from outside the rows, a signed copy or an anchor: the copy may have been trimmed
 * since, the stream may be away, and that makes no row whole. A finding is over when its witness was heard again and said otherwise, when
 * the row is again what it said, or when retention came to it. At most 2,000.
 */
export async function carriedFindings(
  ctx: CheckContext,
  check: CheckRow,
  zones: readonly ZoneRow[],
  heard: HeardStream | null,
  drifted: ReadonlySet<string>,
): Promise<readonly CarriedFinding[]> {
  if (check.scope !== "full") return [];
  const earlier = await ctx.db.query<CarriedFinding>(
    `SELECT DISTINCT ON (f.zone_id, f.event_id) f.zone_id, f.chain_seq::float8 AS chain_seq, f.event_id, f.finding, f.columns, f.witnesses, f.stream_entry AS entry,
            f.signed_sha256 || ARRAY(SELECT a.content_sha256 FROM audit_anchors a WHERE a.zone_id = f.zone_id AND a.chain_seq = f.chain_seq AND 'anchor' = ANY (f.witnesses)
                                      ORDER BY a.anchored_at LIMIT 1) AS signed
       FROM audit_check_zones z
       JOIN audit_findings f ON f.zone_id = z.zone_id AND f.check_id IN (
            SELECT full_check_id FROM audit_checked_heads WHERE zone_id = z.zone_id UNION SELECT check_id FROM audit_troubles WHERE zone_id = z.zone_id AND superseded_by IS NULL)
      WHERE z.check_id = $1 AND f.check_id <> $1 AND f.witnesses && ARRAY['stream', 'anchor'] AND f.finding NOT IN ('not_provable', 'key_drift', 'retention_gap')
        AND (f.chain_seq IS NULL OR z.oldest_seq IS NULL OR f.chain_seq >= z.oldest_seq)
        AND NOT EXISTS (SELECT FROM audit_findings n WHERE n.check_id = $1 AND n.zone_id = f.zone_id AND (n.event_id = f.event_id OR n.chain_seq = f.chain_seq))
        AND f.event_id IS NOT NULL ORDER BY f.zone_id, f.event_id LIMIT ${mostCarried}`,
    [check.id],
  );
  const shelf = heard === null || earlier.length === 0 ? null : new CopyShelf(heard.shelf);
  try {
    const unheard = earlier.filter(
      ({ zone_id: zone, event_id: id, witnesses }) =>
        !witnesses.includes("stream") || shelf === null || drifted.has(zone) || shelf.find(id).length === 0,
    );
    const known = new Set(zones.map(({ zone_id: id }) => id));
    const standing: CarriedFinding[] = [];
    for (let at = 0; at < unheard.length; at += idsAtOnce) {
      const some = unheard.slice(at, at + idsAtOnce).filter(({ zone_id: zone }) => known.has(zone));
      const rows = await reading(ctx, (tx) =>
        rowsById(
          tx,
          some.map(({ event_id: id }) => id),
        ),
      );
      for (const one of some) {
        const own = rows.filter((row) => row.id === one.event_id && row.zone_id === one.zone_id);
        const put = own.some(
          (row) =>
            removedKinds.has(one.finding) ||
            (one.signed.includes(row.content_sha256 ?? "") && judgeRow(row, [], null, noSealing).finding === null),
        );
        const still = removedKinds.has(one.finding) ? !put : own.length > 0 && one.signed.length > 0 && !put;
        if (still) standing.push({ ...one, witnesses: [...new Set([...one.witnesses, "earlier" as const])] });
      }
    }
    return standing;
  } finally {
    shelf?.close();
  }
}
