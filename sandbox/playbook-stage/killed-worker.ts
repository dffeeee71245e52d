import type { Redis } from "ioredis";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import type { Deployment } from "@/server/caracal/deployment";
import { createDispatcher } from "@/server/caracal/revocation/dispatch";
import { openRedis } from "@/server/caracal/redis";
import { createJobs } from "@/server/jobs/jobs";
import { type Database, openDatabase, type Queryable } from "@/server/platform/postgres";
import { runRevocationRound } from "@/server/playbooks/run-round";

/**
 * A console process of its own for tests of `kill -9`: carries out one round, or works off the job queue, and kills itself with
 * SIGKILL at a given point. Its order comes as one JSON argument.
 */
export type WorkerOrder = {
  readonly console: string;
  readonly caracal: string;
  readonly redis: string;
  readonly streamsKey: string;
  readonly leaseSeconds: number;
  readonly round: { readonly runId: string; readonly round: number } | null; // null: works off the queue
  readonly dieBefore: number | null; // the nth statement to either database, counted from 1, is never sent
  readonly dieAfterPublishing: boolean; // Redis has taken the first batch, nobody has recorded it
};

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
};

function counted(order: WorkerOrder) {
  let sent = 0;
  const guard = (queryable: Queryable): Queryable => ({
    async query(sql, params) {
      if (!/^(BEGIN|COMMIT|ROLLBACK)$/.test(sql)) sent += 1;
      if (order.dieBefore !== null && sent >= order.dieBefore) die();
      return queryable.query(sql, params);
    },
  });
  return (db: Database): Database => ({
    ...guard(db),
    transaction: (work) => db.transaction((tx) => work(guard(tx))),
    close: () => db.close(),
  });
}

/** Kills the process as soon as Redis has answered a pipeline that added entries. */
function diesAfterPublishing(redis: Redis): Redis {
  const open = redis.pipeline.bind(redis);
  redis.pipeline = () => {
    const pipeline = open();
    const exec = pipeline.exec.bind(pipeline);
    pipeline.exec = async () => {
      const replies = await exec();
      const added = replies?.some(([, reply]) => typeof reply === "string" && /^\d+-\d+$/.test(reply)) ?? false;
      return added ? die() : replies;
    };
    return pipeline;
  };
  return redis;
}

const order = JSON.parse(process.argv[2] ?? "{}") as WorkerOrder;
const guarded = counted(order);
const open = (url: string, label: string) => guarded(openDatabase({ url, label, max: 6, statementTimeoutMs: 5_000 }));
const redis = openRedis(order.redis);
while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 20));
const caracal: Deployment = {
  name: "stage",
  db: open(order.caracal, "Caracal's Postgres"),
  redis: order.dieAfterPublishing ? diesAfterPublishing(redis) : redis,
  replicas: [],
  streamsKey: Buffer.from(order.streamsKey, "hex"),
  auditKey: null,
  adminToken: null,
  coordinatorToken: null,
  close: async () => undefined,
};
const db = open(order.console, "The console's own Postgres");
process.stdout.write("ready\n");
const collector = { snapshot: () => emptySnapshot, sampleNow: async () => emptySnapshot };
if (order.round === null) {
  createJobs({ settings: { CONSOLE_DATABASE_URL: order.console }, db, caracal, collector }).start();
} else {
  const dispatcher = createDispatcher({ leaseSeconds: order.leaseSeconds });
  await runRevocationRound({ ctx: { db, caracal, collector, dispatcher }, input: order.round });
  process.exit(0);
}
