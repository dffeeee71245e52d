import type { ArchiveTroubleView } from "@/server/audit/comparisons/schemas";
import { archiveWords } from "@/server/detection/archive-contradicts";
import { openArchiveTroubles } from "@/server/detection/archive-troubles";
import type { Queryable } from "@/server/platform/postgres";

/** What the newest comparisons with the archive prove, in sentences, for the page of the checks: at most 100. */
export async function listArchiveTroubles({ ctx }: { ctx: { readonly db: Queryable } }): Promise<ArchiveTroubleView[]> {
  return (await openArchiveTroubles(ctx.db)).map((trouble) => ({
    comparisonId: trouble.comparisonId,
    zoneId: trouble.zoneId,
    zone: trouble.zone,
    at: new Date(trouble.at).toISOString(),
    ...archiveWords(trouble),
  }));
}
