import { reasonToWait } from "@/server/caracal/revocation/pace";
import type { RevocationGroup, RevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { auditStream, expectedStreams } from "@/server/caracal/streams/expected-streams";
import type { RunRow } from "@/server/redrive/run-rows";

/** How many more may be added now; or that the run must stop and wait for somebody; or why it only waits. */
export type Pace =
  | { readonly kind: "go"; readonly room: number }
  | { readonly kind: "hold"; readonly why: string | null } // null: what is on its way is enough for now
  | { readonly kind: "pause"; readonly why: string };

export type PaceFacts = {
  readonly run: Pick<
    RunRow,
    | "kind"
    | "target"
    | "canary"
    | "canary_passed"
    | "canary_from"
    | "most_lag"
    | "most_failures"
    | "failed_before"
    | "failed"
    | "added"
  >;
  readonly target: RevocationStream;
  readonly onTheirWay: number;
  readonly allowance: number; // what the rate allows now
};

export const batchSize = 1_000;
const ownWindow = 4_000; // of our own that may be on their way at once
const trimmedAt = 100_000; // XADD … MAXLEN ~ 100000 of the API's dispatcher

/** The groups whose reading counts: of the audit stream the one that ingests, of others every group that was ever used. */
export const readersOf = ({ groups }: RevocationStream, target: string): readonly RevocationGroup[] =>
  groups.filter((group) => (target === auditStream ? group.name === "audit-ingestor" : group.used));

/** What readers have not read or not acknowledged yet: the most of any. A lag that Redis cannot tell is the whole stream. */
export const lagOf = (target: RevocationStream, name: string): number =>
  Math.max(0, ...readersOf(target, name).map(({ lag, pending }) => (lag ?? target.length) + pending));

/**
 * How a run goes on: it stops for a person when readers fall behind or entries come back, and waits by itself for room. Entries that a
 * group has not read must never fall under the trim bound (trap 14). Pure.
 */
export function paceOf({ run, target, onTheirWay, allowance }: PaceFacts): Pace {
  if (run.kind === "discard") return { kind: "go", room: batchSize }; // nothing is added
  const readers = readersOf(target, run.target);
  if (readers.length === 0)
    return { kind: "hold", why: `Nothing reads ${run.target}: what is added would wait there unread.` };
  const newFailures = run.failed - run.failed_before;
  const inCanary = run.canary > 0 && !run.canary_passed;
  if (newFailures >= (inCanary ? 1 : run.most_failures))
    return {
      kind: "pause",
      why: inCanary
        ? `${newFailures} of the canary failed. Look at why before the rest goes.`
        : `${newFailures} entries failed since it was last started. Look at why before the rest goes.`,
    };
  const lag = lagOf(target, run.target);
  if (lag > run.most_lag)
    return {
      kind: "pause",
      why: `${readers.map(({ name }) => name).join(", ")} ${readers.length === 1 ? "is" : "are"} ${lag.toLocaleString("en-US")} behind, over the limit of ${run.most_lag.toLocaleString("en-US")}.`,
    };
  const bound =
    run.target === auditStream
      ? (expectedStreams.find(({ name }) => name === auditStream)?.bound ?? trimmedAt)
      : trimmedAt;
  const trims = reasonToWait(target, batchSize, bound);
  if (trims !== null) return { kind: "hold", why: `${trims}.` };
  const canaryRoom = inCanary ? run.canary - (run.added - run.canary_from) : batchSize;
  const room = Math.min(batchSize, Math.floor(allowance), canaryRoom, Math.min(ownWindow, run.most_lag) - onTheirWay);
  return room > 0 ? { kind: "go", room } : { kind: "hold", why: null };
}
