import type { BadExportKind } from "@/server/audit/archive/archive-source";
import type { ComparisonTotals, DifferenceKind } from "@/server/audit/archive/finding";
import type { ComparisonView } from "@/server/audit/comparisons/schemas";

const number = (value: number) => value.toLocaleString("en-US");
const counted = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** What a difference says, in words. */
export const differenceWords: Readonly<Record<DifferenceKind, string>> = {
  missing_in_database: "missing in the database",
  missing_in_archive: "missing in the archive",
  content_differs: "rewritten: another content hash",
  columns_differ: "columns differ",
  twice_in_archive: "twice in the archive",
};

/** What is wrong with a file or an hour. */
export const fileWords: Readonly<Record<BadExportKind | "no-export", string>> = {
  "foreign-name": "foreign name",
  empty: "empty",
  "bad-footer": "cut off or no Parquet",
  "other-schema": "no audit export",
  damaged: "damaged",
  vanished: "gone while it was read",
  "wrong-hour": "another hour's export",
  "no-export": "no export",
};

/** What came of a comparison, in one sentence: all agrees, or what does not. */
export function outcomeOf(totals: Readonly<ComparisonTotals>): string {
  const { agree, missing_in_database: gone, missing_in_archive: added, twice_in_archive: twice, troubles } = totals;
  const differ = totals.content_differs + totals.columns_differ;
  const unused = troubles === 0 ? "" : ` ${counted(troubles, "file or hour", "files or hours")} could not be used.`;
  if (gone + added + differ + twice === 0)
    return troubles === 0 && agree > 0
      ? `Everything agrees: ${counted(agree, "event")}.`
      : `Nothing differs: ${counted(agree, "event")} compared.${unused}`;
  const parts = [
    gone === 0 ? null : `${number(gone)} missing in the database`,
    added === 0 ? null : `${number(added)} missing in the archive`,
    differ === 0 ? null : `${number(differ)} differ`,
    twice === 0 ? null : `${number(twice)} twice in the archive`,
  ].filter((part) => part !== null);
  return `Does not agree: ${parts.join(", ")}; ${counted(agree, "event")} ${agree === 1 ? "agrees" : "agree"}.${unused}`;
}

/** Where a comparison is, while it is not over. */
export function comparisonProgress(
  view: Pick<ComparisonView, "state" | "phase" | "done" | "perSecond" | "cancelAsked">,
): string {
  if (view.state === "queued") return "Waiting for its turn.";
  if (view.cancelAsked) return "Being stopped.";
  const rate = view.perSecond === null || view.perSecond === 0 ? "" : `, ${number(view.perSecond)} a second`;
  return `${view.phase.charAt(0).toUpperCase()}${view.phase.slice(1)}: ${number(view.done)} so far${rate}.`;
}
