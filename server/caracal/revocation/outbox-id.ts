import { createHash } from "node:crypto";

const roundDigits = 4;

/**
 * The id of the one outbox row of a run, sid and round: the same each time it is computed, so that a rerun after a crash
 * meets its own rows. UUID-shaped; the last four hex digits are the round, which lets an entry be told from its reference.
 */
export function outboxId(runId: string, sid: string, round: number): string {
  const digest = createHash("sha256").update(`${runId}\n${sid}\n${round}`).digest("hex");
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const last = digest.slice(20, 28) + round.toString(16).padStart(roundDigits, "0");
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${last}`;
}

/** The round of a reference when it is this run's row for this sid, else null. */
export function roundOfReference(reference: string, runId: string, sid: string): number | null {
  const round = Number.parseInt(reference.slice(-roundDigits), 16);
  return Number.isInteger(round) && outboxId(runId, sid, round) === reference ? round : null;
}
