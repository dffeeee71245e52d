import type { Severity } from "@/server/platform/severity";

/** Browser-safe shapes of what the collector knows. Times are epoch milliseconds; null means "cannot be told", never zero. */

/** How far one source can be trusted. `stale`: last values are kept and shown with their age. */
export type SourceState = {
  readonly id: string; // "caracal-postgres" | "caracal-redis" | "console-postgres" | replica id such as "sts-1"
  readonly label: string;
  readonly status: "ok" | "stale" | "never" | "not-configured";
  readonly okAt: number | null; // last success
  readonly failingSince: number | null;
  readonly reason: string | null; // in words, as the source gave it
};

export type ConsumerState = {
  readonly name: string;
  readonly pending: number;
  readonly idleMs: number;
  readonly inactiveMs: number | null;
};

/** `verdict` separates the states that look alike in XINFO (contract sections 3 and 6). */
export type GroupVerdict = "all-read" | "behind" | "pending" | "never-used" | "lost" | "idle";

export type GroupState = {
  readonly stream: string;
  readonly group: string;
  readonly consumers: readonly ConsumerState[]; // at most 20 of them: those that hold something first, then the longest silent
  readonly consumerCount: number;
  readonly silentCount: number; // of all of them: not heard of for a minute or more
  readonly pending: number;
  readonly lag: number | null; // as Redis says; null after trims
  readonly lastDeliveredId: string;
  readonly entriesRead: number | null;
  readonly oldestPendingId: string | null;
  readonly oldestPendingIdleMs: number | null;
  readonly maxDeliveries: number | null; // of the sampled pending entries
  readonly pendingSample: readonly {
    readonly id: string;
    readonly consumer: string;
    readonly idleMs: number;
    readonly deliveries: number;
  }[]; // at most 10
  readonly lost: boolean; // last-delivered-id is older than the first entry and entries were trimmed unread
  readonly lostCount?: number | null; // null: some, Redis cannot tell how many
  readonly readPerSecond: number | null; // entries delivered since the previous sample
  readonly unreadEstimate: number | null; // by the ids' times, only where `unread` cannot be counted
  readonly unread?: number | null; // entries still there that were never delivered, by ids; null: some, or the group was never used
  readonly verdict: GroupVerdict;
};

export type StreamState = {
  readonly name: string;
  readonly length: number;
  readonly firstId: string | null;
  readonly lastId: string | null; // last-generated-id
  readonly entriesAdded: number | null;
  readonly bound: number | null; // "meant bound" of contract section 3
  readonly boundSeen: { readonly entries: number; readonly at: number } | null; // length after the newest trim that this process saw
  readonly perSecond: number | null; // since the previous sample
  readonly removedPerSecond: number | null; // trimmed or deleted, since the previous sample
  readonly removed: number | null; // trimmed or deleted, ever
  readonly bytes: number | null; // by MEMORY USAGE with bounded samples; null: not measured, or not allowed
  readonly bytesAt: number | null;
  readonly groups: readonly GroupState[];
  readonly missingGroups: readonly string[]; // expected by contract section 3, absent here
};

export type ServiceKind = "sts" | "gateway" | "api" | "audit" | "coordinator";

export type ReplicaState = {
  readonly id: string; // kind-n by position in its *_URLS setting: "gateway-2"
  readonly kind: ServiceKind;
  readonly url: string; // without credentials
  readonly reachable: boolean;
  readonly ready: boolean;
  readonly readyReason: string | null; // in the service's words, or ours when refused
  readonly healthy: boolean;
  readonly healthReason: string | null;
  readonly metrics: Readonly<Record<string, number>>; // flattened: "sts.audit_dropped", "denials_revoked"; booleans as 0/1; last known
  readonly metricsStatus: "ok" | "none" | "no-token" | "failed";
  readonly metricsAt: number | null;
  readonly restarts: number; // counter drops seen by this process
  readonly restartedAt: number | null;
  readonly seenAt: number | null; // last time it answered anything
  readonly failingSince: number | null; // of /ready
};

export type SeriesPoint = readonly [at: number, value: number | null]; // null is a gap
export type Series = { readonly key: string; readonly points: readonly SeriesPoint[] };

export type SignalAction = { readonly label: string; readonly href: string };

/** One row of "Now". `key` is stable over time (dedupe key); `sentence` carries its number. */
export type Signal = {
  readonly key: string; // e.g. "dlq:caracal.audit.events.dlq"
  readonly rule: string; // e.g. "dlq-growing"
  readonly severity: Severity;
  readonly sentence: string;
  readonly meaning: string; // what it means, what to do: one or two sentences
  readonly since: number;
  readonly figures: readonly {
    readonly name: string;
    readonly value: number | string;
    readonly unit?: string;
    readonly source: string;
  }[];
  readonly series: string | null; // key into history for the 15-minute line
  readonly action: SignalAction | null;
  readonly noise: string | null; // reason when this is known noise (trap 8): shown small, never red
  readonly declaredBy: string | null; // set when declared by hand
  readonly stale: boolean; // its source has stopped answering: last known
};

export type Snapshot = {
  readonly at: number;
  readonly deployment: string;
  readonly release: string | null;
  readonly sources: readonly SourceState[];
  readonly streams: readonly StreamState[];
  readonly replicas: readonly ReplicaState[];
  readonly signals: readonly Signal[];
  readonly counts: Readonly<Record<string, number | null>>; // bounded SQL counts
  readonly unseen: readonly string[]; // what cannot be seen, in words ("no AUDIT URL is set: …")
};
