import type { GroupConsumer } from "@/server/caracal/streams/group-consumers";
import type { StsProof } from "@/server/brakes/schemas";

export type ProofInput = {
  readonly changedAt: number; // epoch ms, when the change was known to be committed
  readonly now: number; // epoch ms, by the clock that gave changedAt
  readonly pollSeconds: number; // OPA_POLL_SECONDS of the deployment
  readonly consumers: readonly GroupConsumer[];
  readonly configured: number; // STS replicas that this console knows by address
  readonly notReady: readonly string[]; // of those, by id: one that cannot read Postgres polls in vain, of a silent one nothing is known
  readonly before: readonly StsProof[]; // the last look: what was seen stays seen
};

/** A poll that was under way while the change was committed may have read the state before: one more second, and its own time. */
const pollMargin = 5_000;

/**
 * Proof per STS that it knows of a change of policy bindings (contract trap 3): its consumer was handed a message after the change,
 * or the time of its poll has passed since and every STS was able to read Postgres. Names of dead replicas stay in the group: they
 * are proved by the poll like the rest. Replicas without a consumer (before Redis 7.2 it appears with its first delivery) get a row
 * of their own. Pure.
 */
export function proveSts(input: ProofInput): readonly StsProof[] {
  const pollBy = input.changedAt + input.pollSeconds * 1_000 + pollMargin;
  const pollPassed = input.now >= pollBy;
  const unable =
    input.notReady.length === 0 ? null : `${input.notReady.join(", ")} not ready: whether it polled cannot be told`;
  const earlier = new Map(input.before.map((row) => [row.replica, row]));
  const row = (replica: string, deliveredAt: number | null): StsProof => {
    const last = earlier.get(replica);
    const delivered =
      last?.deliveredAt ??
      (deliveredAt !== null && deliveredAt > input.changedAt ? new Date(deliveredAt).toISOString() : null);
    const polled = last?.polledAt ?? (pollPassed && unable === null ? new Date(input.now).toISOString() : null);
    return {
      replica,
      deliveredAt: delivered,
      polledAt: polled,
      pollBy: new Date(pollBy).toISOString(),
      note: delivered === null && polled === null && pollPassed ? unable : null,
    };
  };
  const known = input.consumers.map(({ name, agoMs }) => row(name, agoMs === null ? null : input.now - agoMs));
  const missing = Math.max(0, input.configured - known.length);
  return [
    ...known,
    ...Array.from({ length: missing }, (_, index) => row(`an STS that has not read the stream (${index + 1})`, null)),
  ];
}

/** This STS knows: by a message or by its poll. */
export const isProved = (row: StsProof): boolean => row.deliveredAt !== null || row.polledAt !== null;
/** Everybody knows. Nobody to ask is no proof. */
export const allProved = (rows: readonly StsProof[]): boolean => rows.length > 0 && rows.every(isProved);
