import { timingSafeEqual } from "node:crypto";
import { dataSignature } from "@/server/audit/verify/seals";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { changedColumns, readStreamCopy, type StreamCopy } from "@/server/audit/verify/stream-copy";
import { checkStreamSignature } from "@/server/caracal/stream-signature";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { type ReplayedMandate, replayedMandate } from "@/server/caracal/streams/replayed-mandate";
import { neededField } from "@/server/caracal/streams/pending-diagnosis";
import { isAuditLetters, type Letter, targetOf } from "@/server/redrive/letters/read-letter";
import type { LetterClass } from "@/server/redrive/schemas";
import { exactInstant } from "@/server/platform/exact-time";

/** What is known of a letter from elsewhere. */
export type Known = {
  readonly rows: readonly StoredRow[]; // of audit_events with the event's id, whatever their time
  readonly session: string | null; // status of the session that a revocation is about; null: there is none
  readonly replays: number; // runs in which exactly this went back before
};
export type Keys = { readonly audit: Buffer | null; readonly streams: Buffer | null };

export type Classified = {
  readonly class: LetterClass;
  readonly why: string;
  readonly eventId: string | null;
  readonly occurredAt: string | null;
  readonly content: string | null;
  readonly subject: ReplayedMandate | null;
};

/** A letter that has gone back in this many runs and is here again does not go back once more by itself. */
export const replayLimit = 3;

/** Connections, locks, resources and settings of the database, such as a read-only one: the event is not at fault and may go back. */
const ofTheDatabase = /SQLSTATE (08|25|40|53|55|57|58)/;

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value !== "" && !value.includes("\0") ? value.slice(0, 200) : null;

function eventOf(letter: Letter): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(letter.source?.data ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The ids that must be looked up before an audit letter can be judged; null: there is none. */
export const eventIdOf = (letter: Letter): string | null => textOf(eventOf(letter)?.id);
/** The session that a dead revocation is about; null for everything else. */
export const sessionIdOf = (stream: string, letter: Letter): string | null =>
  targetOf(stream) === revocationStream ? textOf(letter.source?.session_id) : null;

/**
 * What a dead letter is and may become, before anything is written. What must never go back is found first: a replayed mandate is a
 * security signal whatever else holds (trap 11), an event whose row has other content is a conflict. Pure.
 */
export function classifyLetter(stream: string, letter: Letter, known: Known, keys: Keys): Classified {
  return isAuditLetters(stream)
    ? auditLetter(letter, known, keys.audit)
    : deadMessage(stream, letter, known, keys.streams);
}

function auditLetter(letter: Letter, known: Known, key: Buffer | null): Classified {
  const event = eventOf(letter);
  const eventId = textOf(event?.id);
  const bare = { eventId, occurredAt: null, content: null, subject: null };
  const subject = event === null ? null : replayedMandate(event);
  if (subject !== null)
    return {
      ...bare,
      class: "security-signal",
      why: "A mandate was presented again. The gateway reports it without zone and signature, so it always lands here; it is never signed by us silently.",
      subject,
    };
  const data = letter.source?.data;
  if (data === undefined) return { ...bare, class: "unreadable", why: letter.lacks ?? "It has no data." };
  if (/^(json_parse_error|missing_data_field)$/.test(letter.cause))
    return { ...bare, class: "unreadable", why: `Ingestion cannot read it: ${letter.reason}` };
  const copy = readStreamCopy(data, letter.source?.sig ?? "");
  const occurredAt = copy === null ? null : exactInstant(copy.columns.occurred_at);
  if (copy === null || occurredAt === null || eventId === null)
    return { ...bare, class: "unreadable", why: "It is no event: id, zone_id or occurred_at is missing or is none." };
  const event_ = { eventId, occurredAt, content: copy.content, subject: null };
  return { ...event_, ...judgeEvent(letter, copy, known, key) };
}

type Judged = Pick<Classified, "class" | "why">;

function judgeEvent(letter: Letter, copy: StreamCopy, known: Known, key: Buffer | null): Judged {
  const signature = signatureOf(letter, key);
  const unsigned = signature === "wrong" ? " Its signature does not hold either." : "";
  const same = known.rows.find((row) => isSame(row, copy));
  if (letter.cause === "tamper_on_replay")
    return {
      class: "conflict",
      why:
        same !== undefined
          ? "Ingestion found another content under this id, and the row agrees with it now: the row was changed since."
          : known.rows.length > 0
            ? `The row has another content: ${differences(known.rows, copy)}.${unsigned}`
            : "Ingestion found another content under this id, and that row is not there any more.",
    };
  if (same !== undefined) return { class: "recorded", why: "The row is there, with the same content." };
  if (known.rows.length > 0)
    return { class: "conflict", why: `The row has another content: ${differences(known.rows, copy)}.${unsigned}` };
  if (letter.cause === "pg_permanent_error" && !ofTheDatabase.test(letter.reason))
    return { class: "refused", why: `Postgres refuses it for good: ${letter.reason}` };
  if (signature === "wrong")
    return {
      class: "bad-signature",
      why: "Its signature does not hold under AUDIT_HMAC_KEY: ingestion refuses it again.",
    };
  if (signature === "unheard" && letter.cause === "hmac_verify_failed")
    return {
      class: "bad-signature",
      why: "Ingestion refused its signature, and the console has no AUDIT_HMAC_KEY to look for itself.",
    };
  if (known.replays >= replayLimit) return quarantined(known.replays);
  return {
    class: "missing",
    why:
      letter.cause === "hmac_verify_failed"
        ? "Its signature holds under the key in use now: it came while ingestion had another one."
        : signature === "unheard"
          ? "There is no row, and ingestion did not refuse its signature. The console has no AUDIT_HMAC_KEY to look for itself."
          : "There is no row, and its signature holds: honest evidence that is missing.",
  };
}

/** The content hash is that of exactly these bytes, and the columns still say what they say. */
function isSame(row: StoredRow, copy: StreamCopy): boolean {
  const hashed = row.content_sha256 === null || row.content_sha256 === "" || row.content_sha256 === copy.content;
  return hashed && changedColumns(row, copy).length === 0;
}

function differences(rows: readonly StoredRow[], copy: StreamCopy): string {
  const [row] = rows;
  const changed = row === undefined ? [] : changedColumns(row, copy);
  return changed.length === 0 ? "its bytes differ, its values do not" : changed.join(", ");
}

function signatureOf(letter: Letter, key: Buffer | null): "right" | "wrong" | "unheard" {
  if (key === null) return "unheard";
  const wanted = Buffer.from(dataSignature(key, letter.source?.data ?? ""));
  const given = Buffer.from(letter.source?.sig ?? "");
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? "right" : "wrong";
}

const quarantined = (replays: number): Judged => ({
  class: "quarantined",
  why: `It went back in ${replays} runs and is here again: find out why before it goes back once more.`,
});

function deadMessage(stream: string, letter: Letter, known: Known, key: Buffer | null): Classified {
  const target = targetOf(stream);
  const session = sessionIdOf(stream, letter);
  const found = { eventId: session, occurredAt: null, content: null, subject: null };
  if (letter.source === null) return { ...found, class: "unreadable", why: letter.lacks ?? "It cannot be read." };
  const field = neededField(target);
  if (field !== null && (letter.source[field] ?? "") === "")
    return { ...found, class: "unreadable", why: `It has no ${field}: no consumer can apply it, now or later.` };
  const signature = key === null ? "unheard" : checkStreamSignature(key, target, letter.source);
  if (signature !== "valid")
    return {
      ...found,
      class: "bad-signature",
      why:
        signature === "unheard"
          ? "The console has no STREAMS_HMAC_KEY to look at its signature: a consumer drops a message that is signed wrongly."
          : "Its signature does not hold under STREAMS_HMAC_KEY: consumers would ack and drop it.",
    };
  if (known.session === "revoked")
    return { ...found, class: "recorded", why: "The session is revoked already: what it asks for is done." };
  if (known.replays >= replayLimit) return { ...found, ...quarantined(known.replays) };
  const effect =
    target !== revocationStream
      ? "Whether it has taken effect cannot be seen from here, only that every group has read it."
      : known.session === null
        ? "There is no such session in Postgres, so no effect can be seen, only that every group has read it."
        : `Its session is ${known.session}: the revocation was not applied.`;
  return { ...found, class: "missing", why: effect };
}
