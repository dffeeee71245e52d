import type { Redis } from "ioredis";
import { streamSignature } from "@/server/caracal/stream-signature";

export const auditStream = "caracal.audit.events";
export const deadLetters = "caracal.audit.events.dlq";
export const revocations = "caracal.sessions.revoke";
export const policyInvalidations = "caracal.policy.invalidate";
export const keyInvalidations = "caracal.keys.invalidate";

/** Every group that the release provisions; nobody reads the last five of them but audit-ingestor's neighbours. */
export const provisionedGroups: readonly (readonly [stream: string, group: string])[] = [
  [auditStream, "audit-ingestor"],
  [revocations, "sts-revocation"],
  [revocations, "gateway-revocation"],
  [policyInvalidations, "opa-engine"],
  [keyInvalidations, "sts-keys"],
  [auditStream, "siem-export"],
  [deadLetters, "audit-dlq-observer"],
  ["caracal.agents.lifecycle", "coordinator-relay"],
  ["caracal.invocations.lifecycle", "invocations-observer"],
  ["caracal.delegations.invalidate", "delegations-observer"],
];

/** Makes a group that reads from the stream's beginning, and the stream; leaves an existing group alone. */
export async function ensureGroup(redis: Redis, stream: string, group: string): Promise<void> {
  try {
    await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("BUSYGROUP")) throw error;
  }
}

/** What the release's provisioning leaves in Redis: its groups, and the rate-limit stream with its first entry. */
export async function provisionStreams(redis: Redis): Promise<void> {
  for (const [stream, group] of provisionedGroups) await ensureGroup(redis, stream, group);
  if ((await redis.exists("caracal.providers.ratelimit")) === 0)
    await redis.xadd("caracal.providers.ratelimit", "*", "init", "1");
}

/** Adds a signed message, trimmed to about 100,000 as the API and the coordinator do. Gives the entry's id. */
export async function publishSigned(
  redis: Redis,
  key: Buffer,
  stream: string,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const signed = { ...fields, _sig: streamSignature(key, stream, fields) };
  return (await redis.xadd(stream, "MAXLEN", "~", 100_000, "*", ...Object.entries(signed).flat())) ?? "";
}

/** A flat JSON payload as stream fields: null left out, everything else as text. */
export const flattened = (payload: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(payload)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );

export type Entry = { readonly id: string; readonly fields: Readonly<Record<string, string>> };

/** Entries out of a raw XREADGROUP or XAUTOCLAIM list; deleted ones (null fields) are left out. */
export function toEntries(raw: readonly (readonly [string, readonly string[] | null])[]): Entry[] {
  return raw.flatMap(([id, flat]) => {
    if (flat === null) return [];
    const fields: Record<string, string> = {};
    for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
    return [{ id, fields }];
  });
}
