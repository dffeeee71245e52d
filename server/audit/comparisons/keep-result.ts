import type { ComparisonTotals, Difference, FileTrouble } from "@/server/audit/archive/finding";
import { type ArchiveTroubles, keepArchiveTroubles } from "@/server/audit/comparisons/archive-troubles";
import { type ComparisonJob, Ended, type JobContext } from "@/server/audit/comparisons/comparison-job";
import type { ComparisonHeard } from "@/server/audit/comparisons/schemas";
import { comparerVersion } from "@/server/audit/comparisons/start-comparison";
import { zoneNames } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Result = {
  readonly differences: readonly Difference[];
  readonly files: readonly FileTrouble[];
  readonly totals: ComparisonTotals;
  readonly troubles: ArchiveTroubles;
  readonly window: { readonly from: number; readonly to: number } | null;
  readonly heard: ComparisonHeard;
};

const inChains = (a: Difference, b: Difference) =>
  a.zone_id.localeCompare(b.zone_id) || (a.chain_seq ?? 0) - (b.chain_seq ?? 0) || a.event_id.localeCompare(b.event_id);

function summaryOf(zone: string | null, totals: ComparisonTotals): string {
  const differ = totals.content_differs + totals.columns_differ;
  return `The audit log of ${zone === null ? "every zone" : `zone ${zone}`} was compared with the archive: ${totals.agree} events agree, ${totals.missing_in_database} are missing from the database, ${totals.missing_in_archive} from the archive, ${differ} differ; ${totals.troubles} files or hours could not be used`;
}

/** Writes what came of a comparison, finishes it, and puts it on the console's record: all or nothing. @throws Ended when another worker has it */
export async function keepResult(
  { db, holder, caracal }: JobContext & { readonly caracal: Pick<Deployment, "db"> },
  job: ComparisonJob,
  { differences, files, totals, troubles, window, heard }: Result,
): Promise<void> {
  const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };
  const names = await boundedRead(caracal.db, bounds, (tx) => zoneNames(tx, [...troubles.keys()]));
  const [from, to] = [window?.from ?? null, window?.to ?? null].map((ms) => (ms === null ? null : new Date(ms)));
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE audit_comparisons SET state = 'finished', phase = 'end', finished_at = clock_timestamp(), done = $3, totals = $4, heard = $5,
              compared_from = $6, compared_to = $7, error = NULL
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [job.id, holder, totals.archived, JSON.stringify(totals), JSON.stringify(heard), from, to],
    );
    if (rows.length === 0) throw new Ended("another worker has it");
    await tx.query(
      `INSERT INTO audit_differences (comparison_id, n, zone_id, chain_seq, event_id, finding, columns, archived, stored, hour, row_proves_itself)
       SELECT $1, (f->>'n')::int, f->>'zone_id', (f->>'chain_seq')::bigint, f->>'event_id', f->>'finding',
              ARRAY(SELECT json_array_elements_text(f->'columns')), nullif(f->>'archived', '')::json, nullif(f->>'stored', '')::json,
              f->>'hour', (f->>'row_proves_itself')::boolean FROM json_array_elements($2::json) AS f`,
      [job.id, JSON.stringify([...differences].sort(inChains).map((one, n) => ({ n, ...one })))],
    );
    await tx.query(
      `INSERT INTO audit_archive_files (comparison_id, n, key, hour, trouble, reason, rows)
       SELECT $1, (f->>'n')::int, f->>'key', f->>'hour', f->>'trouble', f->>'reason', (f->>'rows')::bigint FROM json_array_elements($2::json) AS f`,
      [job.id, JSON.stringify(files.map((one, n) => ({ n, ...one })))],
    );
    await keepArchiveTroubles(tx, job.id, troubles, names);
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.comparison-finished",
        by: null,
        summary: summaryOf(job.zone_name, totals),
        details: {
          refs: { comparison: job.id },
          figures: Object.entries(totals).map(([name, value]) => ({ name, value, source: comparerVersion })),
        },
      },
    ]);
  });
}
