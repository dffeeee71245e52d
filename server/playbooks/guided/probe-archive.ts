import type { ComparisonTotals } from "@/server/audit/archive/finding";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

const number = (value: number) => value.toLocaleString("en-US");
const hour = (at: Date) => `${at.toISOString().slice(0, 13).replace("T", " ")}:00`;

type Row = {
  readonly compared_from: Date | null;
  readonly compared_to: Date | null;
  readonly totals: ComparisonTotals;
  readonly of_all: boolean;
};

/** A comparison of the run's zone with the archive, ordered in this run, has ended, and had something to compare. What it found is told, whatever it is. */
export async function archiveCompared({ db, run }: Looking): Promise<Probed> {
  const [row] = await db.query<Row>(
    `SELECT compared_from, compared_to, totals, zone_id IS NULL AS of_all FROM audit_comparisons
      WHERE state = 'finished' AND coalesce(zone_id, '') IN ('', $1) AND requested_at >= $2 ORDER BY started_at DESC LIMIT 1`,
    [run.zone_id, run.created_at],
  );
  if (row === undefined)
    return no(
      "No comparison of this zone with the archive that was ordered in this run has ended. Where no archive is set, skip it and say what was compared by hand.",
    );
  const { compared_from: from, compared_to: to, totals, of_all: ofAll } = row;
  if (from === null || to === null) return no("The comparison found no hour that is exported.");
  const differ = totals.content_differs + totals.columns_differ;
  const unused = totals.troubles === 0 ? "" : ` ${number(totals.troubles)} files or hours could not be used.`;
  return yes(
    `${ofAll ? "Every zone, " : ""}${hour(from)} to ${hour(to)} UTC: ${number(totals.agree)} events agree, ${number(totals.missing_in_database)} are missing from the database, ${number(totals.missing_in_archive)} from the archive, ${number(differ)} differ.${unused}`,
  );
}
