import type { RawEntry } from "@/server/caracal/streams/entries";
import { type ReplayedMandate, replayedMandate } from "@/server/caracal/streams/replayed-mandate";

export type DeadLetterReading = {
  readonly cause: string; // reason up to its first colon
  readonly reason: string;
  readonly kind: "security-signal" | "fault";
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly zoneId: string | null;
  readonly mandate: ReplayedMandate | null;
};

/**
 * What a dead letter is about (contract section 3, traps 11 and 12). `replay_detected` always lands here unsigned and is a
 * security signal about a replayed mandate, not a fault. `src_id` is the event's own id whenever the source had one.
 * Handles the audit DLQ's fields and a consumer's `.dead` fields alike. Pure.
 */
export function readDeadLetter(entry: RawEntry): DeadLetterReading {
  const { fields } = entry;
  const reason = fields.reason ?? fields.error ?? "no reason given";
  const event = parseObject(fields.src_data ?? fields.values ?? "");
  const eventType = textOf(event.event_type);
  const mandate = replayedMandate(event);
  const looksLikeStreamId = /^\d{13,}-\d+$/.test(fields.src_id ?? "");
  return {
    cause: (reason.split(":", 1)[0] ?? reason).trim().slice(0, 100),
    reason: reason.slice(0, 500),
    kind: mandate !== null ? "security-signal" : "fault",
    eventId: textOf(event.id) ?? (fields.src_id !== undefined && !looksLikeStreamId ? fields.src_id : null),
    eventType,
    zoneId: textOf(event.zone_id),
    mandate,
  };
}

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value.slice(0, 200) : null;

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}
