import { countOutbox } from "@/server/caracal/outbox/outbox-read";
import { sessionStates } from "@/server/caracal/sessions-read";
import type { RawEntry } from "@/server/caracal/streams/entries";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import { isGenuine, messagesInDoubt, sidsOf } from "@/server/playbooks/guided/revocation-messages";
import type { Probed } from "@/server/playbooks/guided/schemas";

const number = (value: number) => value.toLocaleString("en-US");

/** Revocations of either outbox that are not out, and those that were given up on. */
async function outboxes({ db }: Looking["caracal"]): Promise<{ readonly waiting: number; readonly parked: number }> {
  const [own] = await db.query<{ waiting: number; parked: number }>(
    `SELECT count(*) FILTER (WHERE available_at < 'infinity')::int AS waiting, count(*) FILTER (WHERE available_at = 'infinity')::int AS parked
       FROM (SELECT available_at FROM event_outbox WHERE dispatched_at IS NULL AND stream_name = $1 ORDER BY available_at LIMIT 10001) open`,
    [revocationStream],
  );
  const coordinators = (await countOutbox(db, "caracal_outbox")).filter(({ stream }) => stream === revocationStream);
  const rows = (dead: boolean) =>
    coordinators.filter(({ state }) => (state === "dead") === dead).reduce((sum, { rows: count }) => sum + count, 0);
  return { waiting: (own?.waiting ?? 0) + rows(false), parked: (own?.parked ?? 0) + rows(true) };
}

/** What is said of messages that consumers drop: whoever wrote them had no key, so nobody is told to do as they say. */
function apart(forged: readonly RawEntry[], live: readonly string[]): string | null {
  if (forged.length === 0) return null;
  const named =
    live.length === 0
      ? ""
      : ` ${number(live.length)} of the sessions that they name are active, ${live[0]} first: see who published them before anything is revoked on their word.`;
  return `Left out: ${number(forged.length)} messages whose signature does not hold, ${forged[0]?.id} the newest.${named}`;
}

/**
 * Whatever the stream says: every session that is named by a message which may not have been applied is dead in Postgres, and nothing waits
 * in an outbox. Messages that consumers drop for their signature count for nothing, and are named apart (trap 2).
 */
export async function sessionsDead(looking: Looking): Promise<Probed> {
  const { caracal } = looking;
  const key = caracal.streamsKey;
  const { entries, whole, gone } = await messagesInDoubt(looking);
  const genuine: RawEntry[] = [];
  const forged: RawEntry[] = [];
  if (key !== null) for (const entry of entries) (isGenuine(key, entry) ? genuine : forged).push(entry);
  const states = await sessionStates(caracal.db, sidsOf(entries));
  const liveOf = (list: readonly RawEntry[]) =>
    sidsOf(list)
      .filter((sid) => states.get(sid) === "live")
      .sort();
  const { waiting, parked } = await outboxes(caracal);
  const named = sidsOf(key === null ? entries : genuine);
  const live = liveOf(genuine);
  const unheard = key === null ? liveOf(entries) : [];
  const dropped = liveOf(forged);
  const aside = apart(forged, dropped);

  const open = [
    live.length === 0
      ? null
      : `${number(live.length)} of ${number(named.length)} named sessions are still active, ${live[0]} first: revoke them.`,
    waiting === 0 ? null : `${number(waiting)} revocations are written and not published yet.`,
    parked === 0 ? null : `${number(parked)} were given up on: have them tried again, on the Outboxes page.`,
  ].filter((part) => part !== null);
  const untold = [
    unheard.length === 0
      ? null
      : `${number(unheard.length)} of ${number(named.length)} named sessions are active, ${unheard[0]} first, and STREAMS_HMAC_KEY is not set here: whether the messages that name them are genuine cannot be told. Revoke those that were meant.`,
    genuine.length === 0 && dropped.length > 0
      ? "No message carries a signature that holds here: as likely as not it is the key that differs, here or where they are published."
      : null,
    whole
      ? null
      : `More than ${number(entries.length)} messages are to be gone through: let the slowest group read on.`,
    gone === 0
      ? null
      : `${number(gone)} pending messages are no longer in the stream: which sessions they named cannot be told.`,
  ].filter((part) => part !== null);
  const say = (...parts: readonly (string | null)[]) => parts.filter((part) => part !== null).join(" ");
  if (open.length > 0) return no(say(...open, ...untold, aside));
  if (untold.length > 0) return unknown(say(...untold, aside));
  return yes(
    say(
      `None of the ${number(named.length)} sessions that ${number(entries.length - forged.length)} messages name, the newest, the unread and the pending ones, is active: no STS mints for them. Nothing waits in the outboxes.`,
      aside,
    ),
  );
}
