import { keysStream, policyStream, readerOf, revocationStream } from "@/server/caracal/streams/expected-streams";

const claimIdleMs = 30_000; // STS and gateway claim from here on, but only when they start
const stuckMs = 5 * 60_000;

/** The field without which a consumer cannot apply a message of this stream. */
const needed: Readonly<Record<string, string>> = {
  [revocationStream]: "session_id",
  [policyStream]: "zone_id",
  [keysStream]: "zone_id",
};

/** That field of a stream; null for a stream of which none is known. */
export const neededField = (stream: string): string | null => needed[stream] ?? null;

/**
 * Why a pending entry is stuck, in words; null while it may only be slow. STS and gateway claim pending entries only when
 * they start, so one they cannot apply stays with delivery count 1 until a restart, five times over (contract section 3).
 * `fields` is null when the entry itself is no longer in the stream. Pure.
 */
export function diagnosePending(
  stream: string,
  group: string,
  pending: { readonly idleMs: number; readonly deliveries: number },
  fields: Readonly<Record<string, string>> | null,
): string | null {
  if (pending.idleMs < claimIdleMs) return null;
  const fate =
    readerOf(group) === "audit"
      ? "audit claims it after 30 s and gives up after five deliveries"
      : "stays until a restart, five deliveries, then goes to .dead";
  if (fields === null) return "its entry was trimmed from the stream: nobody can apply it any more";
  const field = neededField(stream);
  if (field !== null && (fields[field] ?? "") === "") return `poison: no ${field}; ${fate}`;
  if (pending.idleMs < stuckMs) return null;
  if (pending.deliveries > 1) return `failed ${pending.deliveries} times; ${fate}`;
  return `delivered once and never confirmed; ${fate}`;
}
