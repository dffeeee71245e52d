import { z } from "zod";
import type { OrderedView } from "@/server/audit/ordered-job";
import type { ComparisonTotals, Difference, FileTrouble } from "@/server/audit/archive/finding";
import { idText, pageInput } from "@/server/platform/page";

const hour = z.iso.datetime({ offset: true });

export const startComparisonInput = z
  .object({
    zoneId: idText.nullish(), // none: every zone
    from: hour.nullish(), // whole hours of ingestion; none: from the first export
    to: hour.nullish(), // not included; none: up to the last hour that was exported
  })
  .refine(({ from, to }) => from == null || to == null || Date.parse(from) < Date.parse(to), {
    error: "The window ends before it begins.",
  });
export const comparisonInput = z.object({ comparisonId: z.uuid() });
export const listComparisonsInput = z.object({ ...pageInput(100, 10) });
export const comparisonFindingsInput = z.object({ comparisonId: z.uuid(), ...pageInput(500, 100) });

/** What was compared with what. */
export type ComparisonHeard = {
  readonly archive: string;
  readonly watermark: string | null; // the last hour that the exporter says it has exported; null: it never did
  readonly behindHours: number | null; // of the exporter behind the clock, when that is more than its usual two
  readonly note: string | null;
};
export type ComparisonView = OrderedView & {
  readonly asked: { readonly from: string | null; readonly to: string | null };
  readonly compared: { readonly from: string; readonly to: string } | null;
  readonly state: "queued" | "running" | "finished" | "cancelled";
  readonly perSecond: number | null; // of the phase that it is in
  readonly totals: Readonly<ComparisonTotals> | null;
  readonly heard: ComparisonHeard | null;
  readonly comparer: string;
};
export type ComparisonFinding = {
  readonly n: number;
  readonly zoneId: string;
  readonly chainSeq: number | null;
  readonly eventId: string;
  readonly finding: Difference["finding"];
  readonly columns: readonly string[];
  readonly archived: Difference["archived"];
  readonly stored: Difference["stored"];
  readonly hour: string | null;
  readonly rowProvesItself: boolean | null;
};
export type ArchiveFileView = FileTrouble & { readonly n: number };
/** What the open troubles of comparisons are, for the page of the checks. */
export type ArchiveTroubleView = {
  readonly comparisonId: string;
  readonly zoneId: string;
  readonly zone: string;
  readonly at: string;
  readonly sentence: string;
  readonly severity: "P1" | "P2" | "P3";
};
