import { createCoordinatorOutboxLook } from "@/server/caracal/outbox/coordinator-outbox-age";
import type { Deployment } from "@/server/caracal/deployment";
import type { Facts } from "@/server/detection/facts";
import { openArchiveTroubles } from "@/server/detection/archive-troubles";
import { chainTroubles } from "@/server/detection/chain-troubles";
import { evidenceTroubles } from "@/server/detection/evidence-troubles";
import { frozenZones } from "@/server/detection/frozen-zones";
import { openDeclaredSignals } from "@/server/detection/open-declared-signals";
import { rules } from "@/server/detection/rules";
import { createSignalTracker } from "@/server/detection/tracker";
import { createGroupMotion } from "@/server/live/group-motion";
import { createHistory } from "@/server/live/history";
import { createJwksWatch } from "@/server/live/jwks-watch";
import { lookAtPostgres, readRelease } from "@/server/live/postgres-look";
import { createRedisLook } from "@/server/live/redis-look";
import { createReplicaWatch } from "@/server/live/replica-watch";
import { seriesValues } from "@/server/live/series-values";
import type { Series, Signal, Snapshot } from "@/server/live/snapshot";
import { createSource } from "@/server/live/source";
import { unseenParts } from "@/server/live/unseen";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";

export type Collector = {
  /** The newest picture; before the first look every source is "never". */
  snapshot(): Snapshot;
  /** Calls `listener` with each new snapshot; while anybody listens the cadence is one second, else five. Returns the way out. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  history(keys: readonly string[], minutes: number): Series[];
  start(): void;
  stop(): Promise<void>;
  /** Looks at every source now, waits for all of them (2 s at most each) and gives the picture. Never throws. */
  sampleNow(): Promise<Snapshot>;
  /** Commands sent to Redis since the process started, by this collector. */
  redisCommands(): number;
};

export type CollectorOptions = {
  readonly caracal: Deployment;
  readonly db: Database; // the console's own
  readonly deploymentName: string;
  readonly clock?: () => number; // epoch ms
};

const watchedMs = 1_000;
const idleMs = 5_000;
const graceMs = 250; // how long a picture waits for slow sources before it goes out with their last values

/**
 * The one reader of Caracal in this process, however many viewers there are. Every source fails and heals alone: a slow or
 * absent one never holds up the others, and its last values stay, marked with their age.
 */
export function createCollector({ caracal, db, deploymentName, clock = Date.now }: CollectorOptions): Collector {
  let commands = 0;
  const count = (sent: number) => {
    commands += sent;
  };
  const look = createRedisLook({ redis: caracal.redis, streamsKey: caracal.streamsKey, count });
  const redis = createSource({ id: "caracal-redis", label: "Redis", read: look });
  const postgres = createSource({
    id: "caracal-postgres",
    label: "Postgres",
    everyMs: watchedMs,
    read: () => lookAtPostgres(caracal.db, clock),
  });
  const coordinatorOutbox = createSource({
    id: "coordinator-outbox", // by itself: the role may lack the right to read it, or the walk its time
    label: "Coordinator's outbox",
    everyMs: idleMs,
    read: createCoordinatorOutboxLook(caracal.db),
  });
  const release = createSource({
    id: "release",
    label: "Release",
    everyMs: 60_000,
    read: () => readRelease(caracal.db),
  });
  const declared = createSource({
    id: "console-postgres",
    label: "Console's Postgres",
    read: async () => ({
      signals: await openDeclaredSignals(db),
      frozen: await frozenZones(db),
      chains: await chainTroubles(db),
      evidence: await evidenceTroubles(db),
      archives: await openArchiveTroubles(db),
    }),
  });
  const jwks = createSource({ id: "jwks", label: "JWKS", everyMs: idleMs, read: createJwksWatch(caracal) });
  const replicas = caracal.replicas.map((address) => createReplicaWatch(address, caracal));
  const samplers = [redis, postgres, coordinatorOutbox, release, declared, jwks, ...replicas];

  const startedAt = clock();
  const history = createHistory();
  const tracker = createSignalTracker();
  const motion = createGroupMotion();
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let current = picture([]);
  let timer: NodeJS.Timeout | null = null;
  let running = false;
  let ticking: Promise<void> | null = null;

  function picture(signals: readonly Signal[]): Snapshot {
    const states = replicas.map((replica) => replica.state());
    const counts = postgres.value();
    return {
      at: clock(),
      deployment: deploymentName,
      release: release.value(),
      sources: [postgres.state(), redis.state(), declared.state(), ...replicas.map((replica) => replica.source())],
      streams: redis.value()?.streams ?? [],
      replicas: states,
      signals,
      counts: {
        outboxWaiting: counts?.outbox.waiting ?? null,
        outboxParked: counts?.outbox.parked ?? null,
        revocationsWaiting: counts?.outbox.revocationsWaiting ?? null,
        newestAlertId: counts?.alert?.id ?? null,
        clockOffsetMs: counts?.clockOffsetMs ?? null,
      },
      unseen: unseenParts(caracal, { replicas: states }),
    };
  }

  /** One picture from what every source last gave; noted in history, judged by the rules and given to all listeners. */
  function publish(): Snapshot {
    const bare = picture([]);
    history.push(bare.at, seriesValues(bare));
    const seen = redis.value();
    if (redis.ok()) motion.note(bare.streams, bare.at);
    const facts: Facts = {
      now: bare.at,
      startedAt,
      streams: bare.streams,
      replicas: bare.replicas,
      evictionPolicy: seen?.evictionPolicy ?? null,
      deadLetters: seen?.deadLetters ?? [],
      poison: seen?.poison ?? [],
      signatures: seen?.signatures ?? [],
      jwks: jwks.value() ?? [],
      outbox: postgres.value()?.outbox ?? null,
      coordinatorOutbox: coordinatorOutbox.value(),
      alert: postgres.value()?.alert ?? null,
      exportedHour: postgres.value()?.exportedHour ?? null,
      declared: declared.value()?.signals ?? [],
      frozenZones: declared.value()?.frozen ?? [],
      chains: declared.value()?.chains ?? { zones: [], whole: null },
      evidence: declared.value()?.evidence ?? [],
      archives: declared.value()?.archives ?? [],
      redisOk: redis.ok(),
      stillSince: motion.stillSince,
      history,
    };
    const down = new Set(bare.sources.filter(({ status }) => status === "stale").map(({ id }) => id));
    const findings = rules.flatMap((rule) => rule(facts));
    // A replica that is gone is what its own row says, not a stale report of something else.
    const silent = (id: string) => down.has(id);
    current = {
      ...bare,
      signals: tracker
        .update(findings, bare.at, (id) => !silent(id))
        .map((signal) => (signal.rule === "service-not-ready" ? { ...signal, stale: false } : signal)),
    };
    for (const listener of listeners) {
      try {
        listener(current);
      } catch (error) {
        log.error({ reason: String(error) }, "a listener of the collector failed");
      }
    }
    return current;
  }

  const sampleAll = () => Promise.all(samplers.map((sampler) => sampler.sample(clock)));

  async function tick(): Promise<void> {
    const all = sampleAll();
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, graceMs))]);
    publish();
  }

  function schedule(delay: number): void {
    if (!running) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      const began = performance.now();
      ticking = tick().finally(() => {
        ticking = null;
        const period = listeners.size > 0 ? watchedMs : idleMs;
        schedule(Math.max(50, period - (performance.now() - began)));
      });
    }, delay);
  }

  return {
    snapshot: () => current,
    subscribe(listener) {
      // Wrapped, so that one function subscribed twice counts as two.
      const own = (snapshot: Snapshot) => listener(snapshot);
      listeners.add(own);
      if (listeners.size === 1 && ticking === null) schedule(0);
      return () => void listeners.delete(own);
    },
    history: (keys, minutes) => history.series(keys, minutes, clock()),
    start() {
      if (running) return;
      running = true;
      schedule(0);
    },
    async stop() {
      running = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await ticking;
    },
    async sampleNow() {
      await sampleAll();
      return publish();
    },
    redisCommands: () => commands,
  };
}
