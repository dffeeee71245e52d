import type { KeyConsumer } from "@/server/caracal/keys/key-invalidation";

/** How far STS's cached key outlives an invalidation that a replica missed (contract section 1). */
export const signingCacheMs = 15 * 60_000;
const deadAfterMs = 60_000;

/**
 * Names in the group that nobody reads under any more: a restart leaves them behind (contract section 3). From Redis 7.2 a reader's
 * asking is seen, so silence tells; before, a name counts as left behind once the others have been served in turn again and again
 * (`unserved` publications in a row) while it was not, and at least `configured` others were. Pure.
 */
export function leftBehind(
  consumers: readonly KeyConsumer[],
  unserved: ReadonlyMap<string, number>,
  configured: number,
): ReadonlySet<string> {
  const enough = Math.max(6, consumers.length * 3);
  const waiting = (consumer: KeyConsumer) => (unserved.get(consumer.name) ?? 0) < enough;
  const others = consumers.filter(waiting).length;
  return new Set(
    consumers
      .filter((consumer) =>
        consumer.silentMs !== null
          ? consumer.silentMs > deadAfterMs
          : !waiting(consumer) && others >= Math.max(1, configured),
      )
      .map(({ name }) => name),
  );
}

export type DeliveryVerdict = { readonly done: boolean; readonly note: string | null };

/**
 * Whether every STS replica has dropped a zone's old key from its cache: each consumer was handed an invalidation after the commit,
 * and they are no fewer than the replicas we know; or the cache's time has run out since. Pure.
 */
export function judgeDelivery(given: {
  readonly delivered: Readonly<Record<string, string>>; // consumer → time
  readonly consumers: readonly string[]; // those that live
  readonly configured: number;
  readonly writtenAt: number; // epoch ms
  readonly now: number;
}): DeliveryVerdict {
  const { delivered, consumers, configured, writtenAt, now } = given;
  const until = writtenAt + signingCacheMs;
  if (now > until) return { done: true, note: "Every STS's cached key has run out since it was written." };
  const missing = consumers.filter((name) => delivered[name] === undefined);
  const reached = consumers.length - missing.length;
  const needed = Math.max(configured, consumers.length, 1);
  if (missing.length === 0 && reached >= needed) return { done: true, note: null };
  const rest = missing.length > 0 ? missing.join(", ") : "the rest, which has no consumer in sts-keys,";
  return {
    done: false,
    note: `${reached} of ${needed} STS consumers were reached; ${rest} may sign with the replaced key until ${new Date(until).toISOString().slice(11, 19)} UTC at most.`,
  };
}
