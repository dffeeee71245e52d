import type { GatewayProof } from "@/server/playbooks/schemas";

/** What one gateway replica said of itself. `at` is when its metrics last answered, epoch milliseconds. */
export type GatewayReading = {
  readonly replica: string;
  readonly revocationsActive: number | null;
  readonly deniedRevoked: number | null;
  readonly requestsTotal: number | null;
  readonly at: number | null;
  readonly restartedAt: number | null; // counter drop seen by the collector
};

/**
 * What is remembered of a replica since the run's baseline. `floor` is the most of its present count that can be older than
 * the run: the least count seen since, 0 after a restart (its memory is empty then).
 */
export type GatewayMemory = {
  readonly floor: number | null; // null: never read before the first publication
  readonly deniedFloor: number | null;
  readonly denied: number | null;
  readonly requestsTotal: number | null;
  readonly revocationsActive: number | null;
  readonly at: number | null;
  readonly restartedAt: number | null;
};

/** The memory at the run's baseline, before anything was published. */
export const rememberBaseline = (reading: GatewayReading): GatewayMemory => ({
  floor: reading.revocationsActive,
  deniedFloor: reading.deniedRevoked,
  denied: reading.deniedRevoked,
  requestsTotal: reading.requestsTotal,
  revocationsActive: reading.revocationsActive,
  at: reading.at,
  restartedAt: null,
});

/** Takes a newer reading in. A drop of a counter, or a restart the collector saw after our last reading, is a restart (trap 15). */
export function remember(memory: GatewayMemory, reading: GatewayReading): GatewayMemory {
  if (reading.at === null || reading.revocationsActive === null) return memory;
  if (memory.at !== null && reading.at <= memory.at) return memory;
  const dropped =
    (reading.requestsTotal ?? 0) < (memory.requestsTotal ?? 0) || (reading.deniedRevoked ?? 0) < (memory.denied ?? 0);
  const seenByCollector = reading.restartedAt !== null && memory.at !== null && reading.restartedAt > memory.at;
  const emptied = reading.revocationsActive === 0 && (memory.revocationsActive ?? 0) > 0;
  const restarted = dropped || seenByCollector || emptied;
  return {
    floor: restarted ? 0 : memory.floor === null ? null : Math.min(memory.floor, reading.revocationsActive),
    deniedFloor: restarted ? 0 : (memory.deniedFloor ?? reading.deniedRevoked),
    denied: reading.deniedRevoked,
    requestsTotal: reading.requestsTotal,
    revocationsActive: reading.revocationsActive,
    at: reading.at,
    restartedAt: restarted ? (seenByCollector ? reading.restartedAt : reading.at) : memory.restartedAt,
  };
}

const silentAfterMs = 6_000;

/** What all gateways together took in since the baseline, at most `expected` each, and when the one read longest ago was read. */
export type GatewayGain = { readonly count: number; readonly readAt: number };

/** Null when counts cannot tell: none configured, one silent, never read before the run, or restarted with its memory gone. */
export function gatewayGain(memories: readonly GatewayMemory[], expected: number, now: number): GatewayGain | null {
  let [count, readAt] = [0, now];
  for (const { floor, revocationsActive, at, restartedAt } of memories) {
    if (floor === null || revocationsActive === null || at === null || restartedAt !== null) return null;
    if (now - at > silentAfterMs) return null;
    count += Math.min(expected, Math.max(0, revocationsActive - floor));
    readAt = Math.min(readAt, at);
  }
  return memories.length === 0 ? null : { count, readAt };
}

const open = "only responses already open run on, at most 60 s";

/**
 * How many of the run's `expected` sids a gateway holds, told from counts alone (trap 3). Every count since the baseline is
 * ours or came from elsewhere; `elsewhere` is an upper bound of the latter, read from the stream.
 */
export function gatewayProof(
  replica: string,
  memory: GatewayMemory | null,
  facts: { readonly expected: number; readonly elsewhere: number; readonly now: number },
): GatewayProof {
  const { expected, elsewhere, now } = facts;
  const base = {
    replica,
    expected,
    readAt: memory?.at ?? null,
    restartedAt: memory?.restartedAt ?? null,
    deniedRevoked:
      memory === null || memory.denied === null
        ? null
        : Math.max(0, memory.denied - (memory.deniedFloor ?? memory.denied)),
  };
  if (memory === null || memory.revocationsActive === null || memory.at === null)
    return {
      ...base,
      known: null,
      atLeast: null,
      verdict: "silent",
      note: `${replica} has not told its count during this run`,
    };
  if (memory.floor === null)
    return {
      ...base,
      known: null,
      atLeast: null,
      verdict: "cannot-tell",
      note: `${replica} was not read before the first publication, so its count cannot be split`,
    };
  const sinceBaseline = Math.max(0, memory.revocationsActive - memory.floor);
  const most = Math.min(expected, sinceBaseline);
  const least = Math.min(expected, Math.max(0, sinceBaseline - elsewhere));
  const known = least === most ? least : null;
  const silentFor = now - memory.at;
  if (silentFor > silentAfterMs) {
    const missing = expected - least;
    const seconds = Math.round(silentFor / 1_000);
    return {
      ...base,
      known,
      atLeast: least,
      verdict: "silent",
      note:
        missing === 0
          ? `${replica} knew all ${expected} when it last answered ${seconds} s ago`
          : `${missing} missing on ${replica} when it last answered ${seconds} s ago`,
    };
  }
  if (least === expected)
    return {
      ...base,
      known: expected,
      atLeast: expected,
      verdict: "all",
      note: `${replica} knows ${expected} of ${expected}`,
    };
  if (known === null && most === expected)
    return {
      ...base,
      known: null,
      atLeast: least,
      verdict: "cannot-tell",
      note: `${replica} cannot tell: ${elsewhere} revocations from elsewhere mix in; at least ${least} of ${expected}`,
    };
  return {
    ...base,
    known,
    atLeast: least,
    verdict: "missing",
    note: `${expected - most} missing on ${replica} (${open})`,
  };
}
