import PgBoss from "pg-boss";
import type { Deployment } from "@/server/caracal/deployment";
import { createDispatcher } from "@/server/caracal/revocation/dispatch";
import { revokeRoundQueue } from "@/server/jobs/queues";
import { superviseRuns } from "@/server/jobs/supervise-runs";
import type { Collector } from "@/server/live/collector";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Database } from "@/server/platform/postgres";
import type { Settings } from "@/server/platform/settings";
import type { RoundQueue } from "@/server/playbooks/round-queue";
import { runRevocationRound } from "@/server/playbooks/run-round";

export type Jobs = RoundQueue & {
  /** Starts working; when our Postgres is away it goes on trying by itself. Never throws. */
  start(): void;
  /** Stops taking work and gives what runs up to 5 s; what is left is picked up by any replica. */
  stop(): Promise<void>;
};

type RoundJob = { readonly runId: string; readonly round: number };
type Parts = {
  readonly settings: Pick<Settings, "CONSOLE_DATABASE_URL">;
  readonly db: Database;
  readonly caracal: Deployment;
  readonly collector: Pick<Collector, "snapshot" | "sampleNow">;
};
const retryStartMs = 3_000;

export function createJobs(parts: Parts): Jobs {
  const ctx = { db: parts.db, caracal: parts.caracal, collector: parts.collector, dispatcher: createDispatcher() };
  let boss: PgBoss | null = null;
  let starting: NodeJS.Timeout | null = null;
  let stopped = true;
  let supervisor: { stop(): void } | null = null;

  const busy = new Set<string>();

  /** One worker per run in this process; the series of a publish-again goes on in the same job. */
  async function work({ runId, round }: RoundJob): Promise<void> {
    if (busy.has(runId)) return;
    busy.add(runId);
    try {
      let next: number | null = round;
      while (next !== null && !stopped) next = (await runRevocationRound({ ctx, input: { runId, round: next } })).next;
    } finally {
      busy.delete(runId);
    }
  }

  async function start(): Promise<void> {
    const made = new PgBoss({
      connectionString: parts.settings.CONSOLE_DATABASE_URL,
      application_name: "caracal-console-jobs",
      migrate: false,
      schedule: false,
      max: 3,
    });
    made.on("error", (error: Error) => log.warn({ reason: error.message }, "job queue"));
    try {
      await made.start();
      if (stopped) return void (await made.stop({ graceful: false, wait: false }));
      await made.work<RoundJob>(revokeRoundQueue, { pollingIntervalSeconds: 0.5, batchSize: 1 }, async ([job]) => {
        if (job !== undefined) await work(job.data);
      });
      boss = made;
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "job queue not started; trying again");
      await made.stop({ graceful: false, wait: false }).catch(() => undefined);
      if (!stopped) starting = setTimeout(() => void start(), retryStartMs);
    }
  }

  async function enqueueRound(runId: string, round: number): Promise<void> {
    try {
      await boss?.send(
        revokeRoundQueue,
        { runId, round },
        // a source that is away for an hour must not end a revocation
        { retryLimit: 1_000, retryDelay: 3, expireInSeconds: 900 },
      );
      if (boss === null) log.warn({ runId, round }, "job queue not started: the round is found when it is");
    } catch (error) {
      // The round is recorded as open: the supervisor of any replica finds it.
      log.warn({ runId, round, reason: messageOf(error) }, "round not enqueued; it is found again");
    }
  }

  return {
    enqueueRound,
    start() {
      if (!stopped) return;
      stopped = false;
      void start();
      supervisor = superviseRuns(ctx, enqueueRound);
    },
    async stop() {
      stopped = true;
      if (starting !== null) clearTimeout(starting);
      supervisor?.stop();
      await boss
        ?.stop({ graceful: true, wait: true, timeout: 5_000 })
        .catch((error: unknown) => log.warn({ reason: messageOf(error) }, "job queue stopped late"));
      boss = null;
    },
  };
}
