import { boundedRead } from "@/server/caracal/bounded-read";
import { readCapacity } from "@/server/caracal/postgres-capacity";
import { ingestion, number } from "@/server/playbooks/guided/audit-ingestion";
import { askLetters } from "@/server/playbooks/guided/ask-letters";
import { notAllNoted, noteDeadLetters } from "@/server/playbooks/guided/note-dead-letters";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import {
  lettersBySort,
  lettersLeft,
  type SeenLetter,
  seenLetters,
  type SortTally,
  type Tally,
  together,
} from "@/server/playbooks/guided/run-letters";
import { tickedChecks } from "@/server/playbooks/guided/run-rows";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { saysOf } from "@/server/playbooks/guided/service-replicas";
import { backSorts, type LetterSort, letterSorts } from "@/server/playbooks/guided/sort-dead-letters";
import { askReplicas } from "@/server/services/restarts/standing-now";

const quietMs = 30_000;
const bounds = { timeoutMs: 5_000, narrow: "It is read again." };
const idsNamed = 200;
const needJudging: readonly LetterSort[] = ["signature-unknown"];
const wantedBack: readonly LetterSort[] = [...backSorts, ...needJudging];

/** When the newest of some sorts was received. */
function newestOf(noted: readonly SortTally[], sorts: readonly LetterSort[] = letterSorts): Date | undefined {
  return noted
    .filter(({ sort }) => sorts.includes(sort))
    .map(({ last }) => last)
    .sort((a, b) => b.getTime() - a.getTime())[0];
}

/**
 * The cause is mended: audit is ready, writes are not switched off, ingestion has settled everything that was published, and no honest
 * event was given up for half a minute. That nothing came meanwhile is said, since it then proves little.
 */
export async function causeMended(looking: Looking): Promise<Probed> {
  const { caracal, db, run } = looking;
  const asked = await askReplicas(caracal, ({ kind }) => kind === "audit");
  const down = asked.filter(({ reading }) => !reading.ready);
  if (down.length > 0) return no(`${down.map(saysOf).join("; ")}.`);
  const { readOnly, standby } = await boundedRead(caracal.db, bounds, readCapacity);
  if (readOnly !== null || standby)
    return no(standby ? "Postgres is a standby and takes no writes." : `Writes are switched off ${readOnly}.`);
  const blank = notAllNoted(await noteDeadLetters(looking, run.id));
  const [read, noted] = await Promise.all([ingestion(caracal), lettersBySort(db, run.id)]);
  if (read === null) return no("The group audit-ingestor is not there: nobody ingests.");
  if (!read.caughtUp || read.pending > 0)
    return no(
      `Ingestion has ${read.unread === null ? "some" : number(read.unread)} entries unread and ${number(read.pending)} not settled: it is not proved that it takes rows.`,
    );
  if (blank !== null) return blank;
  const newest = newestOf(noted, backSorts);
  const quiet = newest === undefined ? null : Date.now() - newest.getTime();
  if (quiet !== null && quiet < quietMs)
    return no(`An honest event was given up ${Math.round(quiet / 1_000)} s ago: half a minute without is needed.`);
  const since = newest ?? run.created_at;
  const [row] = await boundedRead(caracal.db, bounds, (tx) =>
    tx.query<{ after: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM (SELECT id FROM zones ORDER BY id LIMIT 500) z CROSS JOIN LATERAL (
         SELECT ingested_at FROM audit_events WHERE zone_id = z.id AND chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) h
        WHERE h.ingested_at > $1) AS after`,
      [since],
    ),
  );
  return yes(
    `Audit is ready, everything published was settled, and no honest event was given up for half a minute. ${row?.after ? "Events were recorded since the last one that was." : "No event was recorded since: what proves it is the canary of the redrive."}`,
  );
}

type Seen = { readonly blank: Probed | null; readonly noted: readonly SortTally[]; readonly so: Tally };

/** What became of the letters of some sorts; blank while that cannot be told: not all noted, or not all asked after. */
async function seenOf(looking: Looking, sorts: readonly LetterSort[]): Promise<Seen> {
  const unnoted = notAllNoted(await noteDeadLetters(looking, looking.run.id));
  await askLetters(looking, sorts);
  const noted = await lettersBySort(looking.db, looking.run.id);
  const so = together(noted, sorts);
  const unasked =
    so.unasked === 0
      ? null
      : unknown(
          `${number(so.unasked)} of ${number(so.letters)} letters were not asked after yet: it goes on, look again.`,
        );
  return { blank: unnoted ?? unasked, noted, so };
}

const namesOf = async ({ db, run }: Looking, state: "conflict" | "absent"): Promise<string> =>
  (await seenLetters(db, run.id, { sorts: backSorts, states: [state] }, 5)).map(({ name }) => name).join(", ");

/**
 * Every honest event that lay among the letters while this run was open is recorded: by its row and that row's content, and not by what a
 * run says of itself. One whose row says something else is evidence of tampering, which no redrive mends.
 */
export async function honestOnesBack(looking: Looking): Promise<Probed> {
  const seen = await seenOf(looking, wantedBack);
  const honest = together(seen.noted, backSorts);
  const open = [
    honest.waiting === 0
      ? null
      : `${number(honest.waiting)} of ${number(honest.letters)} honest events are not recorded yet and lie among the letters.`,
    honest.conflicts === 0
      ? null
      : `${number(honest.conflicts)} of ${number(honest.letters)} honest events have a row with other content: evidence of tampering, which no redrive mends. Open the playbook of tampering. ${await namesOf(looking, "conflict")}`,
  ].filter((part) => part !== null);
  if (open.length > 0) return no(open.join(" "));
  if (seen.blank !== null) return seen.blank;
  if (honest.gone > 0)
    return unknown(
      `${number(honest.gone)} of ${number(honest.letters)} honest events are neither recorded nor among the letters: somebody took them away, or they are on their way. ${await namesOf(looking, "absent")}`,
    );
  const unjudged = together(seen.noted, needJudging);
  if (unjudged.recorded < unjudged.letters)
    return unknown(
      `${number(unjudged.letters - unjudged.recorded)} letters have a signature that ingestion refused, and the console has no AUDIT_HMAC_KEY to tell whether they are honest.`,
    );
  if (honest.letters === 0) return yes("No honest event lay among the letters: there is nothing to redrive.");
  return yes(`All ${number(honest.letters)} honest events are recorded.`);
}

/** Nothing is left among the letters that could go back or was recorded meanwhile; what must stay is counted. Asked again at the end. */
export async function lettersDownToRest(looking: Looking): Promise<Probed> {
  const seen = await seenOf(looking, wantedBack);
  const left = await lettersLeft(looking.caracal);
  if (seen.blank !== null) return seen.blank;
  const back = together(seen.noted, backSorts);
  if (back.lying > 0)
    return no(`${number(back.lying)} honest events still lie among the letters, of ${number(left)} in all.`);
  if (left === 0) return yes("The dead-letter stream is empty.");
  const unjudged = together(seen.noted, needJudging);
  if (unjudged.lying > 0)
    return unknown(
      `${number(unjudged.lying)} letters have a signature that ingestion refused, and the console has no AUDIT_HMAC_KEY to tell whether they go back.`,
    );
  const newest = newestOf(seen.noted);
  if (newest !== undefined && Date.now() - newest.getTime() < quietMs)
    return no("A letter came within the last half minute.");
  return yes(
    `${number(left)} letters are left, and none of them goes back: signals, forgeries and faults that stay for who looks into them.`,
  );
}

/** Whose event is missing while it is not recorded: not that of a signal, nor that of a conflict, whose id has a row. */
const countsAsLost = letterSorts.filter((sort) => sort !== "security-signal" && sort !== "conflict");

/** Compliance was told, when anything cannot be recovered; else nobody needs to be. */
export async function complianceToldOfLetters(looking: Looking): Promise<Probed> {
  const { blank, so } = await seenOf(looking, countsAsLost);
  if (blank !== null) return blank;
  const lost = so.letters - so.recorded;
  if (lost === 0) return yes("Every honest event is recorded: nobody needs to be told.");
  const of = `${number(lost)} letters are not recorded${so.conflicts === 0 ? "" : `, ${number(so.conflicts)} of them with other content under their id`}.`;
  const ticks = await tickedChecks(looking.db, looking.run.id);
  const told = ticks.find(({ step, item }) => step === "compliance" && item === "compliance");
  return told === undefined
    ? no(`Compliance has to be told: ${of}`)
    : yes(`${told.by_name} told compliance: ${told.note}. Of what: ${of}`);
}

const fateOf = ({ row_state: state, lies, cause }: SeenLetter): string =>
  state === "recorded"
    ? "recorded"
    : state === "conflict"
      ? `recorded with other content: ${cause}`
      : lies === true
        ? `left among the letters: ${cause}`
        : "gone";

/** The gap by event ids and times, for the record: what was given up, what came back, what never will. */
export async function gapKnown(looking: Looking): Promise<Probed> {
  const { db, run } = looking;
  const seen = await seenOf(looking, letterSorts);
  if (seen.blank !== null) return seen.blank;
  const { noted, so } = seen;
  if (so.letters === 0) return yes("No dead letter lay there: there is no gap.");
  const signals = together(noted, ["security-signal"]);
  const unrecorded = signals.letters - signals.recorded;
  const lost = so.letters - so.recorded - unrecorded;
  const times = noted.flatMap(({ earliest, latest }) => [earliest, latest].flatMap((at) => at?.getTime() ?? []));
  const range =
    times.length === 0 ? "times that cannot be read" : `${iso(Math.min(...times))} to ${iso(Math.max(...times))}`;
  const rest = letterSorts.filter((sort) => sort !== "security-signal");
  const [names, shown] = await Promise.all([
    seenLetters(db, run.id, { sorts: rest, states: ["conflict", "absent"] }, 40),
    seenLetters(db, run.id, { sorts: letterSorts, states: ["conflict", "absent", "recorded"] }, idsNamed),
  ]);
  const conflicts =
    so.conflicts === 0 ? "" : ` (${number(so.conflicts)} recorded with other content: evidence of tampering)`;
  return {
    ...yes(
      `${number(so.letters)} letters of events from ${range}; ${number(so.recorded)} recorded since, ${number(unrecorded)} signals, ${number(lost)} not recorded${conflicts}${lost === 0 ? "" : `: ${names.map(({ name }) => name).join(", ")}${lost > names.length ? ` and ${number(lost - names.length)} more` : ""}`}.`,
    ),
    figures: [
      { name: "letters", value: so.letters, source: "caracal.audit.events.dlq while the run was open" },
      { name: "events from", value: range, source: "occurred_at of the letters" },
      ...shown.map((letter) => ({
        name: letter.name,
        value: fateOf(letter),
        source: "audit_events and caracal.audit.events.dlq",
        at: letter.received_at.toISOString(),
      })),
    ],
  };
}

const iso = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
