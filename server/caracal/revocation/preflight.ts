import type { Deployment } from "@/server/caracal/deployment";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { compareStreamIds } from "@/server/caracal/revocation/stream-ids";
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
const readPerStream = 50;
const compared = 10;

/** A signed entry that somebody else wrote. */
export type SignedEntry = { readonly id: string; readonly stream: string; readonly fields: StreamFields };

/** Whether our key verifies what others sign, and which stream holds the newest entry that says so. */
export type KeyComparison =
  | { readonly verdict: "agrees" | "differs"; readonly stream: string }
  | { readonly verdict: "nothing-to-compare" };

/**
 * Judges `key` by the newest ten signed entries: right when it verifies at least one, since nobody else can make such an
 * entry; wrong when it verifies none. A single entry says nothing: anyone who reaches Redis can add one with a made-up `_sig`.
 */
export function judgeStreamsKey(key: Buffer, entries: readonly SignedEntry[]): KeyComparison {
  const newest = [...entries].sort((a, b) => compareStreamIds(b.id, a.id)).slice(0, compared);
  const [first] = newest;
  if (first === undefined) return { verdict: "nothing-to-compare" };
  const good = newest.find((entry) => checkStreamSignature(key, entry.stream, entry.fields) === "valid");
  return good === undefined ? { verdict: "differs", stream: first.stream } : { verdict: "agrees", stream: good.stream };
}

/** Compares `key` with what other publishers signed last. Reads at most 50 entries of six streams; our own do not count. */
export async function compareStreamsKey(redis: Deployment["redis"], key: Buffer): Promise<KeyComparison> {
  const pipeline = redis.pipeline();
  for (const stream of signedStreams) pipeline.xrevrange(stream, "+", "-", "COUNT", readPerStream);
  const replies = (await pipeline.exec()) ?? [];
  const entries: SignedEntry[] = [];
  signedStreams.forEach((stream, index) => {
    const rows = replies[index]?.[1];
    if (!Array.isArray(rows)) return;
    for (const [id, flat] of rows as [string, string[]][]) {
      const fields: Record<string, string> = {};
      for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
      if (fields._sig === undefined || fields._sig === "" || fields.console_ref !== undefined) continue;
      entries.push({ id, stream, fields });
    }
  });
  return judgeStreamsKey(key, entries);
}

export type LaneChoice = { readonly kind: "fast" | "api"; readonly note: string };

/**
 * Which lane may publish. Ours only when STREAMS_HMAC_KEY is set and is the one that others sign with: entries under another
 * key are acknowledged and dropped by consumers (trap 2), so then the API must sign.
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
      note: "published by the console at once; no signed entry of another publisher is there to compare our key with",
    };
  if (found.verdict === "agrees")
    return { kind: "fast", note: "published by the console at once, signed with STREAMS_HMAC_KEY" };
  return {
    kind: "api",
    note: `STREAMS_HMAC_KEY verifies none of the newest signed entries of others, the last one in ${found.stream}: what we sign would be dropped, so ${slow}`,
  };
}
