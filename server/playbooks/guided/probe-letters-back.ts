import { boundedRead } from "@/server/caracal/bounded-read";
import { readCapacity } from "@/server/caracal/postgres-capacity";
import { noteDeadLetters } from "@/server/playbooks/guided/note-dead-letters";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { ingestion, number } from "@/server/playbooks/guided/probe-audit-state";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import {
  lettersLeft,
  type NotedLetter,
  notedLetters,
  recordedEvents,
  stillThere,
} from "@/server/playbooks/guided/run-letters";
import { tickedChecks } from "@/server/playbooks/guided/run-rows";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { saysOf } from "@/server/playbooks/guided/service-replicas";
import { sortMeanings } from "@/server/playbooks/guided/sort-dead-letters";
import { askReplicas } from "@/server/services/restarts/standing-now";

const quietMs = 30_000;
const bounds = { timeoutMs: 5_000, narrow: "It is read again." };
const idsNamed = 200;

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
  await noteDeadLetters(looking, run.id);
  const [read, honest] = await Promise.all([ingestion(caracal), notedLetters(db, run.id, ["outage"])]);
  if (read === null) return no("The group audit-ingestor is not there: nobody ingests.");
  if (!read.caughtUp || read.pending > 0)
    return no(
      `Ingestion has ${read.unread === null ? "some" : number(read.unread)} entries unread and ${number(read.pending)} not settled: it is not proved that it takes rows.`,
    );
  const newest = honest.at(-1)?.received_at;
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

type Fate = { readonly letter: NotedLetter; readonly fate: "recorded" | "waiting" | "gone" };

/** What became of letters: recorded, still lying there, or neither. */
async function fatesOf({ caracal }: Looking, letters: readonly NotedLetter[]): Promise<Fate[]> {
  const ids = letters.flatMap(({ event_id }) => event_id ?? []);
  const [recorded, there] = await Promise.all([
    recordedEvents(caracal, ids),
    stillThere(
      caracal,
      letters.map(({ entry_id }) => entry_id),
    ),
  ]);
  return letters.map((letter) => ({
    letter,
    // A conflict's id is recorded with other content: the letter itself is not.
    fate:
      letter.sort !== "conflict" && letter.event_id !== null && recorded.has(letter.event_id)
        ? "recorded"
        : there.has(letter.entry_id)
          ? "waiting"
          : "gone",
  }));
}

/** Every honest event that lay among the letters while this run was open is recorded: by its row, and not by what a run says of itself. */
export async function honestOnesBack(looking: Looking): Promise<Probed> {
  await noteDeadLetters(looking, looking.run.id);
  const honest = await notedLetters(looking.db, looking.run.id, ["outage"]);
  if (honest.length === 0) return yes("No honest event lay among the letters: there is nothing to redrive.");
  const fates = await fatesOf(looking, honest);
  const count = (fate: Fate["fate"]) => fates.filter((one) => one.fate === fate).length;
  if (count("waiting") > 0)
    return no(
      `${number(count("waiting"))} of ${number(honest.length)} honest events are not recorded yet and lie among the letters.`,
    );
  if (count("gone") > 0)
    return unknown(
      `${number(count("gone"))} of ${number(honest.length)} honest events are neither recorded nor among the letters: somebody took them away, or they are on their way. ${fates
        .filter(({ fate }) => fate === "gone")
        .slice(0, 5)
        .map(({ letter }) => letter.event_id ?? letter.entry_id)
        .join(", ")}`,
    );
  return yes(`All ${number(honest.length)} honest events are recorded.`);
}

/** Nothing is left among the letters that could go back or was recorded meanwhile; what must stay is counted. Asked again at the end. */
export async function lettersDownToRest(looking: Looking): Promise<Probed> {
  await noteDeadLetters(looking, looking.run.id);
  const letters = await notedLetters(looking.db, looking.run.id);
  const [left, there] = await Promise.all([
    lettersLeft(looking.caracal),
    stillThere(
      looking.caracal,
      letters.map(({ entry_id }) => entry_id),
    ),
  ]);
  const lying = letters.filter(({ entry_id }) => there.has(entry_id));
  const back = lying.filter(({ sort }) => sortMeanings[sort].goesBack);
  if (back.length > 0)
    return no(`${number(back.length)} honest events still lie among the letters, of ${number(left)} in all.`);
  if (left === 0) return yes("The dead-letter stream is empty.");
  const newest = letters.at(-1)?.received_at;
  if (newest !== undefined && Date.now() - newest.getTime() < quietMs)
    return no("A letter came within the last half minute.");
  return yes(
    `${number(left)} letters are left, and none of them goes back: signals, forgeries and faults that stay for who looks into them.`,
  );
}

/** What can never be recorded as it was: letters that are no honest event, but for signals, whose event was never part of the chain. */
async function unrecoverable(looking: Looking): Promise<readonly NotedLetter[]> {
  const letters = await notedLetters(looking.db, looking.run.id, [
    "outage",
    "refused",
    "unreadable",
    "signature",
    "other",
  ]);
  return (await fatesOf(looking, letters)).filter(({ fate }) => fate !== "recorded").map(({ letter }) => letter);
}

/** Compliance was told, when anything cannot be recovered; else nobody needs to be. */
export async function complianceToldOfLetters(looking: Looking): Promise<Probed> {
  const lost = await unrecoverable(looking);
  if (lost.length === 0) return yes("Every honest event is recorded: nobody needs to be told.");
  const ticks = await tickedChecks(looking.db, looking.run.id);
  const told = ticks.find(({ step, item }) => step === "compliance" && item === "compliance");
  return told === undefined
    ? no(`Compliance has to be told: ${number(lost.length)} letters are not recorded.`)
    : yes(`${told.by_name} told compliance: ${told.note}. Of what: ${number(lost.length)} letters are not recorded.`);
}

/** The gap by event ids and times, for the record: what was given up, what came back, what never will. */
export async function gapKnown(looking: Looking): Promise<Probed> {
  const letters = await notedLetters(looking.db, looking.run.id);
  if (letters.length === 0) return yes("No dead letter lay there: there is no gap.");
  const fates = await fatesOf(looking, letters);
  const lost = fates.filter(({ fate, letter }) => fate !== "recorded" && letter.sort !== "security-signal");
  const times = letters.flatMap(({ occurred_at }) => occurred_at ?? []).map((at) => at.getTime());
  const range =
    times.length === 0 ? "times that cannot be read" : `${iso(Math.min(...times))} to ${iso(Math.max(...times))}`;
  const names = lost.map(({ letter }) => letter.event_id ?? `entry ${letter.entry_id}`);
  return {
    ...yes(
      `${number(letters.length)} letters of events from ${range}; ${number(letters.length - lost.length - signals(fates))} recorded since, ${number(signals(fates))} signals, ${number(lost.length)} not recorded${names.length === 0 ? "" : `: ${names.slice(0, 40).join(", ")}${names.length > 40 ? ` and ${number(names.length - 40)} more` : ""}`}.`,
    ),
    figures: [
      { name: "letters", value: letters.length, source: "caracal.audit.events.dlq while the run was open" },
      { name: "events from", value: range, source: "occurred_at of the letters" },
      ...fates.slice(0, idsNamed).map(({ letter, fate }) => ({
        name: letter.event_id ?? `entry ${letter.entry_id}`,
        value:
          fate === "recorded" ? "recorded" : fate === "waiting" ? `left among the letters: ${letter.cause}` : "gone",
        source: "audit_events and caracal.audit.events.dlq",
        at: letter.received_at.toISOString(),
      })),
    ],
  };
}

const iso = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
const signals = (fates: readonly Fate[]) =>
  fates.filter(({ fate, letter }) => fate !== "recorded" && letter.sort === "security-signal").length;
