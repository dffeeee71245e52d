import type { Anchor } from "@/server/audit/verify/finding";
import type { Witness } from "@/server/audit/verify/judge-row";
import type { PartitionsKept } from "@/server/audit/verify/partitions-kept";

/** The first row of a zone in one partition, as it was seen at an earlier time. */
export type Beginning = {
  readonly seq: number;
  readonly id: string;
  readonly occurredAt: number; // epoch ms
  readonly inDefault: boolean; // in the default partition, which retention never takes
  readonly keptFrom: number; // where the oldest partition began then, epoch ms; -Infinity: there was none beside the default one
};

type Known = { readonly seq: number; readonly id: string; readonly witness: Witness };
type Gap = { readonly seq: number; readonly witness: Witness };

/** What is known of the rows before the first one that is there. */
export type LateBeginning = {
  readonly deletedFrom: number | null; // each row from here on was deleted
  readonly deleted: readonly Known[]; // rows that were deleted, in ascending order
  readonly gaps: readonly Gap[]; // where others end; `beginning`: they went with whole partitions, `chain`: nobody can tell
};

type First = { readonly seq: number; readonly ingestedAt: string | null };

/**
 * Tells what became of a chain's beginning. A row whose partition is there still was deleted, and so was each one after it if no partition
 * has left since it was seen, or if what follows is too late to stand among late rows of a partition that has. What lies before the
 * first row that was ever seen is nobody's to tell.
 */
export function judgeBeginning(
  { seq, ingestedAt }: First,
  beginnings: readonly Beginning[],
  anchors: Iterable<Anchor>,
  partitions: PartitionsKept,
): LateBeginning {
  const nothingLeft = ({ keptFrom }: Beginning) =>
    keptFrom === Number.NEGATIVE_INFINITY || (partitions.from !== undefined && keptFrom >= partitions.from);
  const standing = beginnings.filter((one) => one.seq <= seq && partitions.holds(one) === true);
  const gone = standing.filter((one) => one.seq < seq);
  const lowest = (list: readonly { readonly seq: number }[]) =>
    list.reduce<number | null>((least, one) => Math.min(least ?? one.seq, one.seq), null);
  const past = ingestedAt !== null && partitions.from !== undefined && !partitions.mayFollowLate(ingestedAt);
  const deletedFrom = lowest(gone.filter((one) => past || nothingLeft(one)));
  const known = new Map<number, Known>(
    [...anchors]
      .filter((one) => one.seq < seq && partitions.holds(one) === true)
      .map(({ seq: at, id }) => [at, { seq: at, id, witness: "anchor" }]),
  );
  for (const { seq: at, id } of gone) known.set(at, { seq: at, id, witness: "beginning" });
  const deleted = [...known.values()].sort((a, b) => a.seq - b.seq);

  const rest = (deletedFrom ?? seq) - 1; // the last one of which it was not told that it was deleted
  const seen = Math.min(lowest(beginnings) ?? rest + 1, rest + 1);
  const wentWhole = standing.length > 0 && !deleted.some((one) => one.seq <= rest);
  const gaps: Gap[] = [];
  if (wentWhole) {
    if (seen > 1) gaps.push({ seq: seen - 1, witness: "chain" });
    if (seen <= rest) gaps.push({ seq: rest, witness: "beginning" });
  } else if (rest > 0) gaps.push({ seq: rest, witness: "chain" });
  return { deletedFrom, deleted, gaps };
}
