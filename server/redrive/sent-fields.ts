import { dataSignature } from "@/server/audit/verify/seals";
import { entryOfLine } from "@/server/caracal/streams/exact-entries";
import type { RedriveContext } from "@/server/redrive/run-rows";
import { fingerprintOf, readLetter } from "@/server/redrive/letters/read-letter";

/** An entry of a run as adding it needs it. */
export type ToSend = {
  readonly n: number;
  readonly entry_id: string;
  readonly event_id: string | null;
  readonly occurred_at: string | null;
  readonly content: string | null;
  readonly action: "redrive" | "retire" | "re-sign" | "discard";
  readonly replacement: string | null;
  readonly fingerprint: string;
  readonly sha256: string; // that the line must have
  readonly line: string;
};

/**
 * What goes back to the stream: every source field as it was; of an edited or re-signed event its data, and the signature that it gets
 * from AUDIT_HMAC_KEY here and is stored nowhere. Null: it cannot be put together.
 */
export function fieldsToSend(
  keys: RedriveContext["keys"],
  stream: string,
  entry: Pick<ToSend, "line" | "replacement" | "event_id">,
): Readonly<Record<string, string>> | null {
  if (entry.replacement === null) return readLetter(stream, entryOfLine(entry.line)).source;
  if (keys.audit === null || entry.event_id === null) return null;
  return { id: entry.event_id, data: entry.replacement, sig: dataSignature(keys.audit, entry.replacement) };
}

/** By what an entry is known again in the stream it was sent to, and in the dead letters when it comes back. */
export const sentFingerprint = (keys: RedriveContext["keys"], stream: string, entry: ToSend): string => {
  if (entry.replacement === null) return entry.fingerprint;
  const fields = fieldsToSend(keys, stream, entry);
  return fields === null ? entry.fingerprint : fingerprintOf(fields);
};

export const toSendColumns = `e.n, e.entry_id, e.event_id, e.occurred_at, e.content, e.action, e.replacement, e.fingerprint, e.sha256, o.line`;

/** The original of each entry `e`, one probe of its key each. */
export const withOriginal = `CROSS JOIN LATERAL (
  SELECT line FROM dead_letter_originals k WHERE k.stream = e.stream AND k.entry_id = e.entry_id AND k.sha256 = e.sha256 LIMIT 1) AS o`;
