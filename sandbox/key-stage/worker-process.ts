import { openRedis } from "@/server/caracal/redis";
import { advanceOneKeyJob } from "@/server/keys/key-worker";
import { loadKeyJob } from "@/server/keys/key-job-rows";
import { kekFromSettings } from "@/server/keys/kek-source";
import { openDatabase } from "@/server/platform/postgres";

/** A key worker as a process of its own, to be killed or measured: works on one job until it is over, then says its peak memory. */
const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
};
const jobId = given("KEY_JOB");
const db = openDatabase({ url: given("CONSOLE_URL"), label: "console", max: 6, statementTimeoutMs: 10_000 });
const caracalDb = openDatabase({ url: given("CARACAL_URL"), label: "caracal", max: 6, statementTimeoutMs: 10_000 });
const redis = openRedis(given("REDIS_URL"));
const caracal = {
  name: "worker",
  db: caracalDb,
  redis,
  replicas: [],
  streamsKey: Buffer.from(given("STREAMS_KEY"), "hex"),
  auditKey: null,
  adminToken: null,
  coordinatorToken: null,
  close: async () => undefined,
};
const keks = kekFromSettings({ ZONE_KEK_FILE: given("KEK_FILE"), ZONE_KEK_NEXT_FILE: given("KEK_NEXT_FILE") });
while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 10));
process.stdout.write("ready\n");
const over = async () => ["finished", "cancelled", "refused"].includes((await loadKeyJob(db, jobId)).state);
const enough = async () => process.env.UNTIL_DELIVERED === "1" && (await everyZoneTold());
async function everyZoneTold(): Promise<boolean> {
  const [row] = await db.query<{ open: number }>(
    "SELECT count(*)::int AS open FROM key_job_zones WHERE job_id = $1 AND (state = 'planned' OR delivered::text = '{}')",
    [jobId],
  );
  return row?.open === 0;
}
while (!(await over()) && !(await enough()))
  await advanceOneKeyJob({ db, caracal, keks, holder: "console:one-worker-at-a-time" });
process.stdout.write(`peak ${process.resourceUsage().maxRSS}\n`);
redis.disconnect();
await Promise.all([db.close(), caracalDb.close()]);
