import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { eventSignature, wireEvent } from "@/sandbox/encoding/audit-event";
import { dlq } from "@/sandbox/redrive-stage/stage";

export type MadeEvent = { readonly id: string; readonly data: string; readonly sig: string };

let made = 0;
/** An honest event of a zone, signed. Each has a time of its own. */
export function madeEvent(
  key: Buffer,
  zone: string,
  over: { readonly decision?: "allow" | "deny"; readonly id?: string } = {},
): MadeEvent {
  made += 1;
  const id = over.id ?? randomUUID();
  const data = wireEvent({
    id,
    zoneId: zone,
    eventType: "token_exchange",
    requestId: randomUUID(),
    decision: over.decision ?? "allow",
    evaluationStatus: "complete",
    determiningPolicies: [{ policy: "base" }],
    diagnostics: [],
    metadata: { resource: "resource://a" },
    occurredAt: BigInt(Date.now()) * 1_000_000n + BigInt(made % 1_000_000),
  });
  return { id, data, sig: eventSignature(key, data) };
}

/** The dead letter that ingestion makes of an event: its id overwrites the stream's (trap 12). */
export const letterOf = (event: MadeEvent, reason: string): Record<string, string> => ({
  reason,
  received_at: String(Date.now()),
  src_id: event.id,
  src_data: event.data,
  src_sig: event.sig,
});

export const transient = "transient_exceeded_max_deliveries:connection refused";

/** Puts letters into the audit DLQ; gives their ids. */
export async function addLetters(
  redis: Redis,
  letters: readonly Record<string, string>[],
  stream = dlq,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < letters.length; from += 1_000) {
    const pipe = redis.pipeline();
    for (const fields of letters.slice(from, from + 1_000)) pipe.xadd(stream, "*", ...Object.entries(fields).flat());
    for (const [error, id] of (await pipe.exec()) ?? []) {
      if (error !== null) throw error;
      ids.push(String(id));
    }
  }
  return ids;
}
