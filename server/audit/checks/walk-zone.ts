import type { Beat, CheckContext, CheckRow, Kept, ZoneRow } from "@/server/audit/checks/check-rows";
import type { HeardStream } from "@/server/audit/checks/hear-stream";
import { keepFindings } from "@/server/audit/checks/keep-findings";
import { countTrouble, noTrouble } from "@/server/audit/checks/troubles";
import { reading } from "@/server/audit/checks/reading";
import { linksOfZone, pagesOfZone } from "@/server/audit/checks/zone-rows";
import type { JudgePool } from "@/server/audit/threads/judge-pool";
import { ChainWalk } from "@/server/audit/verify/chain-walk";
import { type Anchor, type Finding, noTotals } from "@/server/audit/verify/finding";
import type { Beginning } from "@/server/audit/verify/late-beginning";
import { inOrder } from "@/server/audit/verify/in-order";
import { chainSeal } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { oldestPartition } from "@/server/caracal/audit-partitions-read";

/** What a check knows beside the rows. */
export type Known = {
  readonly heard: HeardStream | null;
  readonly anchors: ReadonlyMap<string, readonly Anchor[]>;
  readonly drifted: ReadonlySet<string>;
  readonly overwritten: ReadonlySet<string>; // zones whose seals were right once and are not any more, blank ones among them
  readonly sealedSince: number | null; // when a row with a right seal was first ingested in any zone, epoch ms
  readonly beginnings: ReadonlyMap<string, readonly Beginning[]>;
  readonly keptFrom: number | undefined; // when the check was begun, epoch ms
  readonly pool: JudgePool;
};
/** How far the whole check is. */
export type Progress = { done: number; found: number };

export const mostKept = 10_000; // findings of a check; its totals count all

/**
 * Walks one zone from where it was left. Rows are judged on the pool's threads, page by page, and once a second the place is kept
 * together with what was found up to it: whoever goes on judges nothing again but the last second's rows.
 */
export async function walkZone(
  ctx: CheckContext,
  check: CheckRow,
  zone: ZoneRow,
  known: Known,
  beat: Beat,
  progress: Progress,
): Promise<void> {
  const { zone_id: zoneId } = zone;
  const { heard, drifted, overwritten, pool } = known;
  const key = drifted.has(zoneId) ? null : ctx.auditKey;
  const totals = { ...(zone.totals ?? noTotals()) };
  const trouble = { ...(zone.trouble ?? noTrouble()) };
  let judged = zone.judged;
  let found: Finding[] = [];
  const around = { before: null as string | null, at: null as string | null };
  const emit = (finding: Finding) => {
    countTrouble(trouble, finding, around);
    if (progress.found + found.length < mostKept) found.push(finding);
  };
  const walk = new ChainWalk(zoneId, emit, totals, {
    absent: heard?.absent.get(zoneId),
    anchors: known.anchors.get(zoneId),
    from: zone.from_seq ?? undefined,
    until: zone.until_seq ?? undefined,
    beginnings: known.beginnings.get(zoneId),
    keptFrom: known.keptFrom,
  });
  const { walk: left } = zone;
  if (left === null && drifted.has(zoneId)) emit(driftIn(zoneId));
  if (left !== null) {
    const { windowFrom, previous } = left;
    const again = windowFrom === null || previous === null ? [] : linksOfZone(ctx, zoneId, windowFrom, previous.seq);
    walk.resume(left, await again);
  }

  const entries = new Map((heard?.absent.get(zoneId) ?? []).map(({ id, entry }) => [id, entry]));
  /** Where the copy of a finding's row is, and what it hashes to. */
  const besideOf = ({ event_id: id, witnesses }: Finding): { entry?: string; signed?: readonly string[] } =>
    id === null || heard === null || !witnesses.includes("stream")
      ? {}
      : { entry: entries.get(id), signed: heard.contents(zoneId, id) };
  let sealed = left?.sealed ?? overwritten.has(zoneId);
  const keep = (state: "walking" | "done") => {
    const kept = found.map((one) => ({ ...one, ...besideOf(one) }));
    return beat.keep("judging", progress.done, async (tx) => {
      const saved: Kept = { ...walk.save(), sealed };
      await tx.query(
        "UPDATE audit_check_zones SET state = $3, walk = $4, totals = $5, trouble = $6, judged = $7 WHERE check_id = $1 AND zone_id = $2",
        [check.id, zoneId, state, JSON.stringify(saved), JSON.stringify(totals), JSON.stringify(trouble), judged],
      );
      await keepFindings(tx, check.id, progress.found, kept);
      progress.found += found.length;
      found = [];
    });
  };

  const next = left?.previous == null ? zone.from_seq : left.previous.seq + 1;
  const pages = pagesOfZone(ctx, {
    zoneId,
    unplaced: left === null && zone.from_seq === null,
    from: next,
    before: left?.previous?.seq ?? null,
    until: Math.min(zone.until_seq ?? Number.MAX_SAFE_INTEGER, zone.newest_seq ?? -1),
  });
  let last = next === null ? 0 : next - 1;
  const lookAtPartitions = async () => walk.keptFrom(await reading(ctx, oldestPartition)); // retention may have come since
  let sealedNext = sealed; // of the pages that are asked for, ahead of those that came back
  const judge = (rows: readonly StoredRow[]) => {
    const page = {
      rows: rows.map((row) => ({ row, copies: [] })),
      shelf: heard?.shelf ?? null,
      key,
      sealed: sealedNext,
      sealedSince: known.sealedSince,
    };
    sealedNext ||= key !== null && rows.some((row) => isSealed(key, row));
    return pool.judge(page);
  };
  const coming = inOrder(pages, pool.size + 1, judge);
  for (;;) {
    const { value, done } = await beat.during("judging", progress.done, coming.next());
    if (done === true) break;
    const [rows, { verdicts, sealed: after }] = value;
    if (someMissing(rows, last)) await lookAtPartitions();
    last = rows.at(-1)?.chain_seq ?? last;
    for (const [at, row] of rows.entries()) {
      const verdict = verdicts[at];
      if (verdict === undefined) throw new Error("a page came back without the verdicts of all its rows");
      around.before = around.at;
      around.at = row.ingested_at;
      walk.row(row, verdict);
    }
    sealed = after;
    judged += rows.length;
    progress.done += rows.length;
    if (beat.due()) await keep("walking");
  }
  await lookAtPartitions();
  walk.end();
  await keep("done");
}

/** Whether a seq is left out before or among these rows. */
const someMissing = (rows: readonly StoredRow[], last: number): boolean =>
  rows.some(({ chain_seq: seq }, at) => seq !== null && seq > ((at === 0 ? last : rows[at - 1]?.chain_seq) ?? 0) + 1);

const isSealed = (key: Buffer, row: StoredRow): boolean =>
  Boolean(row.chain_hmac) && chainSeal(key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac;

const driftIn = (zoneId: string): Finding => ({
  zone_id: zoneId,
  chain_seq: null,
  event_id: null,
  finding: "key_drift",
  columns: ["chain_hmac"],
  witnesses: ["seal"],
});
