import { Redis } from "ioredis";
import { streamSignature } from "@/server/caracal/stream-signature";
import { auditStream, provisionStreams, revocations } from "@/sandbox/services/shared/streams";
import type { SignedEvent } from "./events";

export type PastRevocation = { readonly milliseconds: number; readonly fields: Readonly<Record<string, string>> };

/** Ids that go up with time, as `*` would have made them. */
function idMaker(): (milliseconds: number) => string {
  let last = 0;
  let sequence = 0;
  return (milliseconds) => {
    sequence = milliseconds <= last ? sequence + 1 : 0;
    last = Math.max(last, milliseconds);
    return `${last}-${sequence}`;
  };
}

/** Provisions streams and groups, puts the latest events on the audit stream as already ingested, and past revocations on theirs. */
export async function fillStreams(
  redisUrl: string,
  events: readonly SignedEvent[],
  past: readonly PastRevocation[],
  streamsKey: Buffer,
): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    await provisionStreams(redis);
    const pipe = redis.pipeline();
    const auditId = idMaker();
    let last = "0-0";
    for (const event of events) {
      last = auditId(event.milliseconds);
      pipe.xadd(auditStream, last, "id", event.id, "data", event.data, "sig", event.sig);
    }
    const revocationId = idMaker();
    for (const { milliseconds, fields } of past) {
      const signed = { ...fields, _sig: streamSignature(streamsKey, revocations, fields) };
      pipe.xadd(revocations, revocationId(milliseconds), ...Object.entries(signed).flat());
    }
    for (const [error] of (await pipe.exec()) ?? []) if (error !== null) throw error;
    await redis.call("XGROUP", "SETID", auditStream, "audit-ingestor", last, "ENTRIESREAD", String(events.length));
  } finally {
    redis.disconnect();
  }
}
