import { type Severity, severities } from "@/server/platform/severity";
import { archiveWords } from "@/server/detection/archive-contradicts";
import { openArchiveTroubles } from "@/server/detection/archive-troubles";
import { troubleWords } from "@/server/detection/chain-not-whole";
import type { ChainTroubles } from "@/server/detection/facts";
import { openTroubles } from "@/server/detection/chain-troubles";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

type Check = {
  readonly id: string;
  readonly ofAll: boolean;
  readonly rows: number;
  readonly proved: number;
};
type Trouble = ChainTroubles["zones"][number];

const number = (value: number) => value.toLocaleString("en-US");

/** The newest check that covers the run's zone and was ordered after an instant. */
async function checkSince({ db, run }: Looking, since: Date): Promise<Check | null> {
  const [row] = await db.query<Check>(
    `SELECT id, zone_id IS NULL AS "ofAll", (totals->>'rows')::float8 AS rows, (totals->>'proved')::float8 AS proved FROM audit_checks
      WHERE state = 'finished' AND scope = 'full' AND coalesce(zone_id, '') IN ('', $1) AND requested_at >= $2 ORDER BY started_at DESC LIMIT 1`,
    [run.zone_id, since],
  );
  return row ?? null;
}

const troubleOf = async ({ db, run }: Looking): Promise<Trouble | null> =>
  (await openTroubles(db, run.zone_id))[0] ?? null;

/** The zone's chain was checked since the run began. What Caracal's own counters say settles nothing (trap 8). */
export async function chainChecked(looking: Looking): Promise<Probed> {
  const check = await checkSince(looking, looking.run.created_at);
  if (check === null) return no("No check of this zone's chain that was ordered in this run has ended.");
  const trouble = await troubleOf(looking);
  const what = trouble === null ? "Nothing was found in this zone" : troubleWords(trouble).sentence;
  return yes(
    check.ofAll
      ? `${what}, by a check of every zone.`
      : `${what}. ${number(check.proved)} of ${number(check.rows)} rows of the zone proved.`,
  );
}

/** What is proved of the run's zone, by its check or by the archive, the worst of it; null when nothing is. */
async function worstProved(looking: Looking): Promise<{ severity: Severity; sentence: string } | null> {
  const trouble = await troubleOf(looking);
  const proved: { severity: Severity; sentence: string }[] = [
    ...(trouble === null ? [] : [troubleWords(trouble)]),
    ...(await openArchiveTroubles(looking.db, looking.run.zone_id)).map(archiveWords),
  ];
  return proved.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))[0] ?? null;
}

/** The incident is graded at least as what is proved asks for: removed or rewritten rows P1, changed ones P2. */
export async function gradedAsProved(looking: Looking): Promise<Probed> {
  const worst = await worstProved(looking);
  if (worst === null) return yes("Nothing is proved that would ask for a severity.");
  const { severity, sentence } = worst;
  const [incident] = await looking.db.query<{ severity: Severity; number: number }>(
    "SELECT severity, number::int AS number FROM incidents WHERE id = $1",
    [looking.run.incident_id],
  );
  if (incident === undefined) throw new Error("the incident of the run is gone");
  return severities.indexOf(incident.severity) > severities.indexOf(severity)
    ? no(`INC-${incident.number} is ${incident.severity}, and what is proved is a ${severity}: ${sentence}. Raise it.`)
    : yes(`INC-${incident.number} is ${incident.severity}. ${sentence}.`);
}

type Found = {
  readonly digest: string | null; // of which rows, what is wrong with each, and what is in them
  readonly changed: number;
  readonly removed: number;
  readonly rewritten: number;
};

/** What a finished check of whole chains found in the run's zone. */
async function foundBy({ db, run }: Looking, checkId: string): Promise<Found> {
  const [row] = await db.query<Found>(
    `SELECT (SELECT found_sha256 FROM audit_check_zones WHERE check_id = $1 AND zone_id = $2) AS digest,
            coalesce(sum(changed), 0)::int AS changed, coalesce(sum(removed), 0)::int AS removed, coalesce(sum(rewritten), 0)::int AS rewritten
       FROM audit_troubles WHERE check_id = $1 AND zone_id = $2`,
    [checkId, run.zone_id],
  );
  if (row === undefined) throw new Error("a sum without a row");
  return row;
}

/**
 * A check after the preservation finds what the one before it found, row by row: nothing more was changed, and nothing was put right. Sums
 * alone would not tell one row that was put right while another was changed.
 */
export async function unchangedSince(looking: Looking): Promise<Probed> {
  const { db, run, settled } = looking;
  const preserved = settled.get("preserve")?.settled_at ?? run.created_at;
  const check = await checkSince(looking, preserved);
  if (check === null) return no("No check that was ordered after the preservation has ended.");
  const [earlier] = await db.query<{ id: string }>(
    `SELECT id FROM audit_checks WHERE state = 'finished' AND scope = 'full' AND coalesce(zone_id, '') IN ('', $1) AND requested_at >= $2 AND requested_at < $3
      ORDER BY started_at DESC LIMIT 1`,
    [run.zone_id, run.created_at, preserved],
  );
  if (earlier === undefined)
    return no("No check of this run was ordered before the preservation: there is nothing to compare with.");
  const [before, now] = [await foundBy(looking, earlier.id), await foundBy(looking, check.id)];
  const sum = ({ changed, removed, rewritten }: Found) => [changed, removed, rewritten].join(", ");
  const atIt = "Somebody is at it still, or put it right: preserve anew, and check.";
  if (sum(before) !== sum(now))
    return no(`Rows changed, removed, rewritten: ${sum(before)} before the preservation, ${sum(now)} now. ${atIt}`);
  return before.digest === now.digest
    ? yes(
        `Checked again: rows changed, removed, rewritten ${sum(now)}, as before the preservation, the same rows with the same in them.`,
      )
    : no(
        `Rows changed, removed, rewritten: ${sum(now)}, as many as before the preservation, and they are other rows, or hold something else. ${atIt}`,
      );
}
