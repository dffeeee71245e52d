import type { Deployment } from "@/server/caracal/deployment";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { checkStreamSignature, type StreamFields } from "@/server/caracal/stream-signature";

/** Streams whose entries carry `_sig`, busiest first (contract section 3). */
const signedStreams = [
  revocationStream,
  "caracal.policy.invalidate",
  "caracal.keys.invalidate",
  "caracal.agents.lifecycle",
  "caracal.invocations.lifecycle",
  "caracal.delegations.invalidate",
] as const;

/** Whether our key verifies the newest signed entry that somebody else wrote, and which stream holds that entry. */
type KeyComparison =
  | { readonly verdict: "agrees" | "differs"; readonly stream: string }
  | { readonly verdict: "nothing-to-compare" };

/** Compares `key` with the newest signed entry of another publisher. Reads at most 50 entries of six streams. */
export async function compareStreamsKey(redis: Deployment["redis"], key: Buffer): Promise<KeyComparison> {
  const pipeline = redis.pipeline();
  for (const stream of signedStreams) pipeline.xrevrange(stream, "+", "-", "COUNT", 50);
  const replies = (await pipeline.exec()) ?? [];
  let newest: { at: number; stream: string; valid: boolean } | null = null;
  signedStreams.forEach((stream, index) => {
    const rows = replies[index]?.[1];
    if (!Array.isArray(rows)) return;
    for (const [id, flat] of rows as [string, string[]][]) {
      const fields: Record<string, string> = {};
      for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
      if (fields._sig === undefined || fields.console_ref !== undefined) continue;
      const at = Number(id.split("-")[0]);
      if (newest === null || at > newest.at) newest = { at, stream, valid: verifies(key, stream, fields) };
      break;
    }
  });
  const found = newest as { at: number; stream: string; valid: boolean } | null;
  if (found === null) return { verdict: "nothing-to-compare" };
  return { verdict: found.valid ? "agrees" : "differs", stream: found.stream };
}

export type LaneChoice = { readonly kind: "fast" | "api"; readonly note: string };

/**
 * Which lane may publish. Ours only when STREAMS_HMAC_KEY is set and verifies the newest signed entry that somebody else
 * wrote: entries under another key are acknowledged and dropped by consumers (trap 2), so then the API must sign.
 */
export async function chooseLane(
  caracal: Pick<Deployment, "redis" | "streamsKey">,
  count: number,
): Promise<LaneChoice> {
  const seconds = Math.max(1, Math.ceil(count / 128));
  const slow = `the API publishes instead, at most 128 a second for everything: about ${seconds} s for ${count}`;
  const key = caracal.streamsKey;
  if (key === null) return { kind: "api", note: `STREAMS_HMAC_KEY is not set: ${slow}` };
  const found = await compareStreamsKey(caracal.redis, key);
  if (found.verdict === "nothing-to-compare")
    return {
      kind: "fast",
      note: "Published by the console at once; no signed entry of another publisher is there to compare our key with",
    };
  if (found.verdict === "agrees")
    return { kind: "fast", note: "Published by the console at once, signed with STREAMS_HMAC_KEY" };
  return {
    kind: "api",
    note: `STREAMS_HMAC_KEY does not verify the newest entry of ${found.stream}: what we sign would be dropped, so ${slow}`,
  };
}

const verifies = (key: Buffer, stream: string, fields: StreamFields) =>
  checkStreamSignature(key, stream, fields) === "valid";
