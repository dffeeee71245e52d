import { openRedis } from "@/server/caracal/redis";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { openDatabase } from "@/server/platform/postgres";

/** A worker of audit checks as a process of its own, to be killed: works on one check until it is over. */
const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
};
const checkId = given("AUDIT_CHECK");
const db = openDatabase({ url: given("CONSOLE_URL"), label: "console", max: 6, statementTimeoutMs: 10_000 });
const caracalDb = openDatabase({ url: given("CARACAL_URL"), label: "caracal", max: 6, statementTimeoutMs: 10_000 });
const redis = openRedis(given("REDIS_URL"));
const ctx = {
  db,
  caracal: { db: caracalDb, redis },
  auditKey: Buffer.from(given("AUDIT_KEY"), "hex"),
  holder: given("HOLDER"),
};
while (redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 10));
const over = async () =>
  (await db.query("SELECT FROM audit_checks WHERE id = $1 AND state IN ('finished', 'cancelled')", [checkId])).length >
  0;
while (!(await over())) await advanceOneCheck(ctx);
process.stdout.write(`peak ${process.resourceUsage().maxRSS}\n`);
redis.disconnect();
await Promise.all([db.close(), caracalDb.close()]);
