import type { CheckRow } from "@/server/audit/checks/check-rows";
import type { Queryable } from "@/server/platform/postgres";

export type Circumstances = {
  readonly keyed: boolean; // AUDIT_HMAC_KEY is set
  readonly stream: "heard" | "not there" | "unreachable";
  readonly carried: number; // findings of earlier checks whose witness was not heard any more
  readonly cut: boolean; // there were more findings than are kept
  readonly drifted: number; // zones whose seals all fail
  readonly overwritten: readonly string[]; // names of zones of which no seal is right any more, though some were under the same key
  readonly undecided: number;
  readonly zones: number; // that have rows
  readonly untold: readonly UntoldRows[];
};
/** Missing rows of a zone of which nobody can tell whether retention took them. */
type UntoldRows = { readonly zone: string; readonly before: number };

/** The missing rows that a check could tell nothing of, a line for each zone. */
export const untoldRows = (db: Queryable, checkId: string): Promise<UntoldRows[]> =>
  db.query<UntoldRows>(
    `SELECT coalesce(z.zone_name, f.zone_id) AS zone, max(f.chain_seq + 1)::float8 AS before
       FROM audit_findings f JOIN audit_check_zones z ON z.check_id = f.check_id AND z.zone_id = f.zone_id
      WHERE f.check_id = $1 AND f.finding = 'retention_gap' AND NOT f.witnesses && ARRAY['beginning', 'stream'] GROUP BY 1 ORDER BY 1 LIMIT 500`,
    [checkId],
  );

const number = (value: number) => value.toLocaleString("en-US");

function untoldWords(untold: readonly UntoldRows[]): string | null {
  const [first] = untold;
  if (first === undefined) return null;
  const where =
    untold.length === 1
      ? `In zone ${first.zone} rows before seq ${number(first.before)} are gone`
      : `In ${number(untold.length)} zones the chain's first rows are gone`;
  return `${where}; whether by retention or deletion cannot be told: no anchor or earlier reading of this console reaches back there.`;
}

function driftWords({ drifted, zones }: Circumstances): string | null {
  if (drifted === 0) return null;
  const where = drifted === zones ? "" : `of ${drifted} of ${zones} zones `;
  return (
    `Every seal ${where}fails under the console's AUDIT_HMAC_KEY, and nothing that it signed was found. Another key than Caracal's is the innocent reading (trap 18); ` +
    "somebody with the database who overwrote every seal and signature leaves the same picture, and from the rows alone the two cannot be told apart. " +
    "Compare the key with the one that audit runs with; if it is the same one, the seals were overwritten. The archive and preserved evidence hold the seals as they were."
  );
}

/** What a reader of a check's result should know of how it came about; null: nothing. Pure. */
export function noteOn(scope: CheckRow["scope"], seen: Circumstances): string | null {
  const { keyed, stream, carried, cut, overwritten, undecided, untold } = seen;
  const notes = [
    keyed
      ? stream === "heard"
        ? null
        : stream === "unreachable"
          ? "Redis did not answer: the stream was not heard. Check again when it is back."
          : "The stream or its group audit-ingestor is not there: nothing could be told from it."
      : "AUDIT_HMAC_KEY is not set: seals and the stream's signatures were not checked, so neither was heard.",
    driftWords(seen),
    overwritten.length === 0
      ? null
      : `Not one seal of ${overwritten.length === 1 ? `zone ${overwritten[0]}` : `${overwritten.length} zones`} is right any more, and an earlier check found right ones under this same key: they were overwritten or blanked since.`,
    undecided === 0
      ? null
      : `In ${undecided} zones the one new row has a seal that fails: one alone cannot tell another key from an attack, and it waits for the next.`,
    untoldWords(untold),
    carried === 0
      ? null
      : `${number(carried)} ${carried === 1 ? "finding is" : "findings are"} carried over from an earlier check: the witness that told ${carried === 1 ? "it" : "them"} was not heard any more, and the rows are not what it said.`,
    cut ? "The first 10,000 findings are kept and listed; the totals count all." : null,
    scope === "new"
      ? "Rows behind the head that was checked last were not looked at: what is done to them later is found by the check of the whole chain."
      : scope === "window"
        ? "Rows outside the window were not looked at."
        : null,
  ].filter((note) => note !== null);
  return notes.length === 0 ? null : notes.join(" ");
}
