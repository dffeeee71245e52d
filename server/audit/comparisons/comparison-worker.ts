import { type ArchiveSource, ArchiveUnreachable } from "@/server/audit/archive/archive-source";
import { compareArchive } from "@/server/audit/archive/compare-archive";
import { hourMs } from "@/server/audit/archive/export-key";
import { exportedHours } from "@/server/audit/archive/exported-hours";
import { type Difference, type FileTrouble, noComparisonTotals } from "@/server/audit/archive/finding";
import { addDifference, addFile, type ArchiveTroubles } from "@/server/audit/comparisons/archive-troubles";
import {
  beating,
  type ComparisonJob,
  Ended,
  type JobContext,
  takeComparison,
} from "@/server/audit/comparisons/comparison-job";
import { keepResult } from "@/server/audit/comparisons/keep-result";
import { partitionsNow, rowsIngested, rowsNow } from "@/server/audit/comparisons/table-rows";
import { exportWatermark } from "@/server/caracal/audit-archive-read";
import type { Deployment } from "@/server/caracal/deployment";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { messageOf } from "@/server/platform/errors";
import { isUniqueViolation } from "@/server/platform/postgres";

export type ComparisonContext = JobContext & {
  readonly caracal: Pick<Deployment, "db">;
  readonly archive: ArchiveSource | null;
};

const mostKept = 10_000; // differences; the totals count all
const mostFiles = 1_000;
const usualLag = 3 * hourMs; // the exporter lags up to two hours when all is well (contract section 4)

type Beat = ReturnType<typeof beating>;

/**
 * The hours to compare: from the first export to the last hour that is exported, within what was asked for. Null: there are none. Before
 * the first export nobody can tell whether there was an exporter at all.
 */
async function hoursOf(archive: ArchiveSource, job: ComparisonJob, watermark: number | null, beat: Beat) {
  const there = await exportedHours(archive, (listed) => beat("listing the archive", listed));
  const last = Math.max(watermark ?? Number.NEGATIVE_INFINITY, there?.last ?? Number.NEGATIVE_INFINITY);
  const asked = job.asked_from?.getTime() ?? Number.NEGATIVE_INFINITY;
  const from = Math.max(asked, there?.first ?? (job.asked_from === null ? last : asked));
  const to = Math.min(job.asked_to?.getTime() ?? Number.POSITIVE_INFINITY, last + hourMs);
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

async function carryOut(ctx: ComparisonContext, archive: ArchiveSource, job: ComparisonJob): Promise<void> {
  const beat = beating(ctx, job.id);
  const { db } = ctx.caracal;
  const watermark = await exportWatermark(db); // before the archive is listed: what it names must be there
  const window = await hoursOf(archive, job, watermark, beat);
  const kept: { differences: Difference[]; files: FileTrouble[] } = { differences: [], files: [] };
  const troubles: ArchiveTroubles = new Map();
  let told = 0;
  const totals =
    window === null
      ? noComparisonTotals()
      : await compareArchive(
          {
            source: archive,
            window,
            zoneId: job.zone_id,
            rows: rowsIngested(db, job.zone_id, window),
            lookUp: (ids) => rowsNow(db, ids),
            partitions: await partitionsNow(db),
            breathe: beat,
          },
          {
            difference(one) {
              told += 1;
              addDifference(troubles, one);
              if (kept.differences.length < mostKept) kept.differences.push(one);
            },
            trouble(one) {
              addFile(troubles, one);
              if (kept.files.length < mostFiles) kept.files.push(one);
            },
          },
        );
  const behind = watermark === null ? 0 : Date.now() - watermark;
  const note =
    window === null
      ? watermark === null
        ? "The archive holds no export, and the exporter never said that it made one."
        : "Nothing of what was asked for is exported yet."
      : told > mostKept
        ? `${told - mostKept} further differences are counted and not listed.`
        : null;
  await keepResult(ctx, job, {
    ...kept,
    totals,
    troubles,
    window,
    heard: {
      archive: archive.name,
      watermark: watermark === null ? null : new Date(watermark).toISOString(),
      behindHours: behind > usualLag ? Math.floor(behind / hourMs) : null,
      note,
    },
  });
}

/** One comparison, from its beginning to its end. A failure is written on it and it begins anew. True: there may be another. */
export async function advanceOneComparison(ctx: ComparisonContext): Promise<boolean> {
  if (ctx.archive === null) return false;
  const job = await takeComparison(ctx);
  if (job === null) return false;
  try {
    await carryOut(ctx, ctx.archive, job);
  } catch (error) {
    if (error instanceof Ended && error.message === "cancelled")
      await ctx.db.query(
        "UPDATE audit_comparisons SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = $1 AND holder = $2 AND state = 'running'",
        [job.id, ctx.holder],
      );
    else if (!(error instanceof Ended) && !isUniqueViolation(error))
      await ctx.db.query(
        "UPDATE audit_comparisons SET error = $3 WHERE id = $1 AND holder = $2 AND state = 'running'",
        [job.id, ctx.holder, messageOf(error).slice(0, 500)],
      );
    return !(error instanceof ArchiveUnreachable);
  }
  return true;
}

/** Works off comparisons, one at a time in each replica; one whose worker has gone silent is begun anew by another. */
export const createComparisonWorker = (ctx: ComparisonContext): Repeating =>
  repeat("comparisons with the archive", 1_000, () => advanceOneComparison(ctx));
