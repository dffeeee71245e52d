import { createHash } from "node:crypto";
import { auditStream, isDeadLetterStream } from "@/server/caracal/streams/expected-streams";
import type { ExactEntry } from "@/server/caracal/streams/exact-entries";
import { plainEntry } from "@/server/caracal/streams/exact-entries";

type Fields = Readonly<Record<string, string>>;

/** A dead letter as far as it can be read without asking anybody. */
export type Letter = {
  readonly id: string;
  readonly cause: string; // reason up to its first colon
  readonly reason: string;
  readonly source: Fields | null; // what goes back, as it was; null: it cannot be told
  readonly lacks: string | null; // why it cannot
  readonly fingerprint: string; // SHA-256 over what goes back, names in order; over the whole letter when that cannot be told
};

/** Where a dead-letter stream's entries came from: `caracal.audit.events` of `caracal.audit.events.dlq`, `x` of `x.dead`. */
export const targetOf = (stream: string): string => stream.replace(/\.(dlq|dead)$/, "");
/** Whether a stream holds dead audit events. The log's own stream does not: nothing is taken out of that. */
export const isAuditLetters = (stream: string): boolean =>
  isDeadLetterStream(stream) && targetOf(stream) === auditStream;

const streamId = /^\d{13,}-\d+$/;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The same fields give the same fingerprint in whatever order they come. */
export const fingerprintOf = (fields: Fields): string =>
  sha256(JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));

const parsed = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
};

/**
 * Every `src_` field without its prefix (contract section 3). `src_id` is a field of the source only when it is not the stream's id:
 * the source's own id overwrites that (trap 12). `id` and `data` come first, as STS writes them.
 */
function auditSource(fields: Fields): Fields {
  const own = new Map(
    Object.entries(fields)
      .filter(([name]) => name.startsWith("src_"))
      .map(([name, value]): [string, string] => [name.slice("src_".length), value]),
  );
  const id = own.get("id");
  const event = parsed(own.get("data")) as { id?: unknown } | null;
  if (id !== undefined && streamId.test(id) && event?.id !== id) own.delete("id");
  const order = ["id", "data", "sig"];
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.fromEntries([...own].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)));
}

/** The fields of `values`; null unless it is an object of texts. */
function deadSource(fields: Fields): Fields | null {
  const values = parsed(fields.values);
  if (typeof values !== "object" || values === null || Array.isArray(values)) return null;
  const entries = Object.entries(values);
  return entries.length > 0 && entries.every(([, value]) => typeof value === "string")
    ? (Object.fromEntries(entries) as Fields)
    : null;
}

/** Reads an entry of the audit DLQ or of a `.dead` stream: why it is there and what would go back. Pure. */
export function readLetter(stream: string, entry: ExactEntry): Letter {
  const plain = plainEntry(entry);
  const given = plain?.fields ?? {};
  const reason = given.reason ?? given.error ?? "no reason given";
  const audit = isAuditLetters(stream);
  const source = plain === null ? null : audit || stream.endsWith(".dlq") ? auditSource(given) : deadSource(given);
  const lacks =
    plain === null
      ? "It holds bytes that are no text, or a field twice: what goes back could not be exactly what was sent."
      : source === null
        ? "Its values are not an object of texts, so the message cannot be put together again."
        : audit && source.data === undefined
          ? "It has no data: there is no event in it."
          : Object.keys(source).length === 0
            ? "It keeps nothing of the message."
            : null;
  return {
    id: entry.id,
    cause: (reason.split(":", 1)[0] ?? reason).trim().slice(0, 100),
    reason: reason.slice(0, 500),
    source: lacks === null ? source : null,
    lacks,
    fingerprint: lacks === null && source !== null ? fingerprintOf(source) : sha256(JSON.stringify(entry.fields)),
  };
}
