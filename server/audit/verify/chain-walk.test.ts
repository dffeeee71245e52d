import { describe, expect, it } from "vitest";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { ChainWalk } from "@/server/audit/verify/chain-walk";
import { noTotals } from "@/server/audit/verify/finding";
import { judgeRow, noSealing } from "@/server/audit/verify/judge-row";
import type { WalkScope } from "@/server/audit/verify/walk-state";

const [hour, day] = [3_600_000, 86_400_000];
const chain = honestChain(Math.random, 9);
const zoneId = chain.rows[0]?.zone_id ?? "";
const idOf = (seq: number) => chain.rows[seq - 1]?.id ?? "";
const contentOf = (seq: number) => chain.rows[seq - 1]?.content_sha256 ?? "";
const now = Date.now(); // the ids were made now

/** What a walk along these rows says. `between`: said to it before the row of that seq. */
function told(seqs: readonly number[], scope: WalkScope, more: { ingestedAt?: number; left?: [number, number] } = {}) {
  const found: string[] = [];
  const walk = new ChainWalk(
    zoneId,
    ({ finding, chain_seq: seq, witnesses }) => found.push(`${finding} ${seq} ${witnesses}`),
    noTotals(),
    scope,
  );
  const ingested = more.ingestedAt === undefined ? null : new Date(more.ingestedAt).toISOString();
  for (const row of chain.rows.filter(({ chain_seq: seq }) => seqs.includes(seq ?? 0))) {
    if (row.chain_seq === more.left?.[0]) walk.keptFrom(more.left?.[1]);
    walk.row({ ...row, ingested_at: ingested }, judgeRow(row, [], chain.key, noSealing));
  }
  walk.end();
  return found.filter((finding) => !finding.startsWith("not_provable"));
}
const anchor = (seq: number, more: { at?: number; occurredAt?: number; inDefault?: boolean } = {}) => ({
  seq,
  id: idOf(seq),
  content: contentOf(seq),
  at: now,
  ...more,
});
/** The first row of a partition as it was read when the oldest one began at `keptFrom`. */
const began = (seq: number, occurredAt: number, keptFrom: number, inDefault = false) => ({
  seq,
  id: idOf(seq),
  occurredAt,
  keptFrom,
  inDefault,
});

describe("a beginning that is gone", () => {
  const anchors = [anchor(4)];
  it("was deleted as far as an anchor is of a row whose partition is there still", () => {
    expect(told([7, 8, 9], { anchors, keptFrom: now - hour })).toEqual([
      "row_deleted 4 anchor",
      "retention_gap 6 chain",
    ]);
    expect(told([7, 8, 9], { anchors, keptFrom: now + hour })).toEqual(["retention_gap 6 chain"]);
    expect(told([7, 8, 9], { anchors, keptFrom: now })).toEqual(["retention_gap 6 chain"]); // made just before the month ended, anchored after
  });

  it("was deleted row by row when it was seen and no partition has left since", () => {
    const kept = { beginnings: [began(1, now, now - day)], keptFrom: now - day };
    expect(told([4, 5, 6, 7, 8, 9], { ...kept, anchors: [anchor(2)] })).toEqual([
      "row_deleted 1 beginning",
      "row_deleted 2 beginning,anchor",
      "row_deleted 3 beginning",
    ]);
    expect(told([1, 2, 3, 4, 5, 6, 7, 8, 9], kept)).toEqual([]);
    const onlyDefault = [began(1, now - 400 * day, Number.NEGATIVE_INFINITY, true)];
    expect(told([3, 4, 5, 6, 7, 8, 9], { beginnings: onlyDefault, keptFrom: now - day })).toEqual([
      "row_deleted 1 beginning",
      "row_deleted 2 beginning",
    ]);
  });

  it("went with a partition that was seen, up to where the next one began; what was never seen cannot be told", () => {
    const beginnings = [began(3, now - 3 * day, now - 3 * day), began(6, now, now - 3 * day)];
    const scope = { beginnings, keptFrom: now - hour };
    expect(told([6, 7, 8, 9], scope)).toEqual(["retention_gap 2 chain", "retention_gap 5 beginning"]);
    // The first rows of the partition that is left are gone too: among late rows of the other one, only the first is sure.
    expect(told([8, 9], scope, { ingestedAt: now })).toEqual(["row_deleted 6 beginning", "retention_gap 7 chain"]);
    expect(told([8, 9], scope, { ingestedAt: now + 8 * day })).toEqual([
      "row_deleted 6 beginning",
      "row_deleted 7 beginning",
      "retention_gap 2 chain",
      "retention_gap 5 beginning",
    ]);
    expect(told([6, 7, 8, 9], { beginnings: beginnings.slice(0, 1), keptFrom: now - hour })).toEqual([
      "retention_gap 5 chain", // nobody saw where the partition that is left began
    ]);
  });

  it("may have gone while the rows were read", () => {
    const scope = { beginnings: [began(1, now - day, now - 2 * day)], keptFrom: now - 2 * day };
    expect(told([1, 2, 6, 7, 8, 9], scope)).toEqual([
      "row_deleted 3 chain",
      "row_deleted 4 chain",
      "row_deleted 5 chain",
    ]);
    expect(told([1, 2, 6, 7, 8, 9], scope, { left: [6, now + hour] })).toEqual(["retention_gap 5 chain"]);
  });

  it("leaves holes by late rows near it, in which anchors tell what was deleted", () => {
    const scope = { keptFrom: now - hour, anchors: [anchor(6)] };
    expect(told([3, 4, 8, 9], scope, { ingestedAt: now })).toEqual([
      "retention_gap 2 chain",
      "row_deleted 6 chain,anchor",
      "retention_gap 7 chain",
    ]);
  });
});

describe("an end that is gone", () => {
  it("was cut off, unless its rows left with their month, however late they were anchored", () => {
    const anchors = [anchor(9, { at: now + 2 * hour })];
    expect(told([], { anchors, keptFrom: now + hour })).toEqual([]); // anchored after that month ended, made before
    expect(told([], { anchors, keptFrom: now - hour })).toContain("tail_truncated 9 anchor");
    expect(told([], { anchors })).toContain("tail_truncated 9 anchor"); // nothing is known of partitions
    const exact = [anchor(9, { at: now + 2 * hour, occurredAt: now + hour })];
    expect(told([], { anchors: exact, keptFrom: now + hour })).toContain("tail_truncated 9 anchor");
    const old = [anchor(9, { occurredAt: now - 400 * day, inDefault: true })];
    expect(told([], { anchors: old, keptFrom: now })).toContain("tail_truncated 9 anchor"); // retention never takes the default one
  });
});
