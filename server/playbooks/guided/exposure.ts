import { signingCacheMs } from "@/server/keys/rotation/key-consumers";
import type { Exposure } from "@/server/playbooks/schemas";

/** How long whoever checks mandates keeps keys (contract section 1): the gateway and most SDKs 5 minutes, the coordinator 10. */
export const verifierCacheMs = 10 * 60_000;
const perCallMs = 15 * 60_000;

/** What is known of a compromise of keys, in epoch milliseconds; null: not yet. */
export type KeyExposureFacts = {
  readonly now: number;
  readonly kekKnown: boolean; // the KEK itself is compromised, not one zone's key only
  readonly reEncryptedAt: number | null; // the last walk that moved nothing ended
  readonly rotatedAt: number | null; // every zone's new keys proved at every replica
  readonly writtenAt: number | null; // the last new key was written
  readonly undelivered: number; // zones that some STS consumer was not told of
  readonly liveBefore: number | null; // live sessions made before the rotation; null: unknown
  readonly latestExpiry: number | null; // of those
  readonly keyDestroyed: boolean;
  readonly grants: number | null; // active grants whose provider tokens could be read
};

/** What somebody with the stolen key can do right now, why, and until when (contract sections 1 and 6, traps 3, 6, 7 and 20). Pure. */
export function keyExposure(facts: KeyExposureFacts): Exposure[] {
  const { now, kekKnown, reEncryptedAt, rotatedAt, writtenAt } = facts;
  const items: Exposure[] = [];
  const add = (id: string, what: string, why: string, until: number | null) =>
    items.push({ id, what, why, from: now, until });
  if (kekKnown && reEncryptedAt === null)
    add(
      "read-seals",
      "Read every secret from any copy of the database",
      "Everything is still sealed under the stolen KEK: signing keys, provider configurations, grants' tokens.",
      null,
    );
  if (kekKnown && reEncryptedAt !== null && !facts.keyDestroyed)
    add(
      "old-copies",
      "Read old backups with the stolen KEK",
      "The live data has moved; copies from before have not. What was in them counts as known.",
      null,
    );
  if (rotatedAt === null) {
    add(
      "forge-per-call",
      "Forge per-call mandates with any session id",
      "The stolen signing key is in the JWKS: verifiers take what it signs, and no revocation reaches a forged session.",
      null,
    );
    add(
      "forge-ambient",
      "Forge ambient mandates for subjects with a live session",
      "STS takes an ambient mandate when its session row is active: freezing the zone or revoking stops that.",
      null,
    );
  } else if (rotatedAt + verifierCacheMs > now)
    add(
      "verifier-caches",
      "Use forged mandates at verifiers that still keep the old key",
      "Gateways and SDKs keep keys for 5 minutes, the coordinator for 10; the TypeScript SDK for longer while STS does not answer.",
      rotatedAt + verifierCacheMs,
    );
  if (writtenAt !== null && facts.undelivered > 0 && writtenAt + signingCacheMs > now)
    add(
      "sts-cache",
      `Get mandates under the old key from an STS that was not told, in ${facts.undelivered} zones`,
      "It signs with its cached key, and takes ambient mandates signed with it.",
      writtenAt + signingCacheMs,
    );
  if (facts.liveBefore === null)
    add("live-unknown", "Use mandates from before", "How many sessions live on cannot be told just now.", null);
  else if (facts.liveBefore > 0)
    add(
      "live-mandates",
      `Mint with ${facts.liveBefore.toLocaleString("en-US")} sessions from before the rotation`,
      "Their rows are active: STS mints for whoever holds an ambient mandate that it still accepts.",
      facts.latestExpiry ?? null,
    );
  if (rotatedAt !== null && rotatedAt + perCallMs > now)
    add(
      "per-call",
      "Use per-call mandates from before at verifiers without revocations",
      "They live 15 minutes at most, and only as long as their verifier keeps the old key.",
      Math.min(rotatedAt + perCallMs, rotatedAt + verifierCacheMs),
    );
  if (kekKnown && (facts.grants ?? 1) > 0)
    add(
      "provider-tokens",
      `Use the provider tokens ${facts.grants === null ? "that were sealed" : `of ${facts.grants.toLocaleString("en-US")} grants`}`,
      "Whoever had the KEK could read them. They end only at the provider: revoke them there.",
      null,
    );
  return items.filter(({ until }) => until === null || until > now);
}
