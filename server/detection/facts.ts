import type { CoordinatorOutbox } from "@/server/caracal/outbox/coordinator-outbox-age";
import type { ReplayedMandate } from "@/server/caracal/streams/replayed-mandate";
import type { JwksReading } from "@/server/caracal/services/jwks";
import type { HistoryReader } from "@/server/live/history";
import type { ReplicaState, Signal, StreamState } from "@/server/live/snapshot";
import type { Severity } from "@/server/platform/severity";

/** Pending entries that will not be applied by waiting. */
export type PoisonEntry = {
  readonly stream: string;
  readonly group: string;
  readonly id: string;
  readonly consumer: string;
  readonly idleMs: number;
  readonly deliveries: number;
  readonly reason: string;
};

/** A stream message whose `_sig` does not hold under STREAMS_HMAC_KEY. */
export type BadSignature = {
  readonly stream: string;
  readonly id: string;
  readonly problem: "missing" | "invalid";
  readonly zoneId: string | null;
  readonly sessionId: string | null;
};

export type SignatureCheck = {
  readonly stream: string;
  readonly checked: number; // since this process started
  readonly bad: number;
  readonly kept: readonly BadSignature[]; // newest, at most 50, still in the stream
};

/** Replayed mandates among the dead letters of a stream. */
export type ReplaysFound = {
  readonly replays: readonly (ReplayedMandate & { readonly at: number })[]; // newest first, at most 100
  readonly searched: number; // letters that were looked through so far
};

/** The newest dead letters of one stream, and the replayed mandates among all of them. */
export type DeadLetterSample = ReplaysFound & {
  readonly stream: string;
  readonly sampled: number;
  readonly securitySignals: number; // among those sampled
  readonly length: number;
  readonly causes: Readonly<Record<string, number>>;
};

export type OutboxFacts = {
  readonly waiting: number; // undispatched and due, capped
  readonly revocationsWaiting: number;
  readonly oldestRevocationAt: number | null;
  readonly parked: number;
  readonly capped: boolean;
  readonly streams: readonly { readonly stream: string; readonly waiting: number; readonly oldestAt: number }[];
  readonly failing: number; // tried in vain at least once
  readonly mostAttempts: number;
};
export type IngestAlert = {
  readonly id: number;
  readonly kind: string;
  readonly eventId: string;
  readonly zoneId: string;
  readonly at: number;
};
export type DeclaredSignal = {
  readonly id: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly zoneId: string | null;
  readonly declaredBy: string;
  readonly at: number;
  readonly from: "by-hand" | "alertmanager";
};

/** A zone that this console froze. `at` is when its bindings were taken. */
export type FrozenZone = {
  readonly freezeId: string;
  readonly zoneId: string;
  readonly zone: string;
  readonly by: string;
  readonly at: number;
  readonly thawing: boolean;
};

/** What the console's own checks proved of the audit chains. `at` is when a check began to read, Unix ms. */
export type ChainTroubles = {
  readonly zones: readonly {
    readonly checkId: string;
    readonly zoneId: string;
    readonly zone: string;
    readonly at: number;
    readonly changed: number;
    readonly removed: number;
    readonly rewritten: number;
    readonly foreignKey: boolean;
    readonly firstSeq: number | null;
  }[];
  readonly whole: { readonly at: number; readonly rows: number; readonly proved: number } | null; // by the newest check of every zone, while no zone is in trouble
};

/** Preserved evidence whose files were not what they had been when they were last read. Times in Unix ms. */
export type EvidenceTrouble = {
  readonly itemId: string;
  readonly preservedAt: number;
  readonly changed: number; // files, over all stores
  readonly missing: number;
  readonly at: number;
  readonly store: string;
};

/** What a comparison with the archive found in a zone that is told by nothing else; under the empty id, in the archive itself. `at` in Unix ms. */
export type ArchiveTrouble = {
  readonly comparisonId: string;
  readonly zoneId: string;
  readonly zone: string;
  readonly at: number;
  readonly removed: number;
  readonly rewritten: number;
  readonly changed: number;
  readonly added: number; // rows of an exported hour that the archive has not
  readonly archiveChanged: number;
  readonly files: number;
  readonly firstSeq: number | null;
};

/** Everything a rule may look at. Values are last known ones; null means that it was never read. */
export type Facts = {
  readonly now: number;
  readonly startedAt: number; // of this process's collector
  readonly streams: readonly StreamState[];
  readonly replicas: readonly ReplicaState[];
  readonly evictionPolicy: string | null;
  readonly deadLetters: readonly DeadLetterSample[];
  readonly poison: readonly PoisonEntry[];
  readonly signatures: readonly SignatureCheck[];
  readonly jwks: readonly JwksReading[]; // those that differ twice in a row
  readonly outbox: OutboxFacts | null;
  readonly coordinatorOutbox: CoordinatorOutbox | null;
  readonly alert: IngestAlert | null; // the newest
  readonly exportedHour: number | null;
  readonly declared: readonly DeclaredSignal[];
  readonly frozenZones: readonly FrozenZone[];
  readonly chains: ChainTroubles;
  readonly evidence: readonly EvidenceTrouble[];
  readonly archives: readonly ArchiveTrouble[];
  readonly redisOk: boolean;
  readonly stillSince: (stream: string, group: string) => number | null; // since when a group with unread entries has not moved
  readonly history: HistoryReader;
};

/** What a rule found; the tracker adds `since` and `stale`. */
export type Finding = Omit<Signal, "since" | "stale" | "noise" | "declaredBy" | "series"> & {
  readonly source: string; // id of the source it was read from
  readonly since?: number; // when the rule knows better than "first seen"
  readonly holdMs?: number; // must be true this long before it shows
  readonly settleMs?: number; // keeps showing this long after it was last true
  readonly series?: string | null;
  readonly noise?: string | null;
  readonly declaredBy?: string | null;
};
export type Rule = (facts: Facts) => readonly Finding[];

export const redisSource = "caracal-redis";
export const postgresSource = "caracal-postgres";
export const consoleSource = "console-postgres";
