import { Export } from "./audit-parts/export";
import { Ingest } from "./audit-parts/ingest";
import { Sweep } from "./audit-parts/sweep";
import { openFastRedis, openPool, postgresProblem, redisProblem } from "./shared/engines";
import { commonSettings, hexKey, optionalNumber, required } from "./shared/environment";
import { type Answer, empty, goError, goJsonAnswer, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";

const settings = commonSettings("audit");
const key = hexKey("AUDIT_HMAC_KEY");
const pool = openPool(settings.databaseUrl);
const redis = openFastRedis(settings.redisUrl);
const ingest = new Ingest(pool, redis, key, optionalNumber("AUDIT_CLAIM_IDLE_MS", 30_000));
const sweep = new Sweep(pool, key);
const hourly = new Export(pool, required("AUDIT_EXPORT_FOLDER"));

async function ready(): Promise<Answer> {
  const postgres = await postgresProblem(pool, settings.databaseUrl);
  if (postgres !== null) return goError(503, `pg unreachable: ${postgres}`);
  const away = await redisProblem(redis, settings.redisUrl);
  return away === null ? empty() : goError(503, `redis unreachable: ${away}`);
}

const metrics = (): Answer => {
  const all: Record<string, number | boolean> = {
    ...ingest.counters,
    ...sweep.counters,
    ...hourly.counters,
    consumer_lag: ingest.lag,
    consumer_pel_oldest_secs: ingest.oldestSeconds,
    retention_created_total: 0,
    retention_dropped_total: 0,
    is_export_leader: true,
    is_retention_leader: true,
  };
  return goJsonAnswer(200, Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))));
};

await serve(settings.host, settings.port, (request) => {
  if (request.path === "/health") return ingest.healthy ? empty() : goError(503, "consumer unhealthy");
  if (request.path === "/ready") return ready();
  if (request.path === "/metrics") return metrics();
  return goError(404, "404 page not found");
});

redis.connect().catch(() => undefined);
ingest.start(settings.redisUrl);
const sweepQuietly = (full: boolean) => void sweep.run(full).catch(() => undefined); // Postgres away: the next sweep tells
sweepQuietly(true);
setInterval(() => sweepQuietly(false), optionalNumber("AUDIT_SWEEP_SECONDS", 60) * 1_000).unref();
let exporting = false;
async function exportHours(): Promise<void> {
  if (exporting) return;
  exporting = true;
  await hourly.run().catch(() => {
    hourly.counters.export_errors_total += 1; // Postgres away: tried again
  });
  exporting = false;
}
void exportHours();
setInterval(() => void exportHours(), optionalNumber("AUDIT_EXPORT_SECONDS", 60) * 1_000).unref();
exitOnSignal();
