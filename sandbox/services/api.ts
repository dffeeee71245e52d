import { Admin } from "./api-parts/admin";
import { startDispatcher } from "./api-parts/dispatcher";
import { openNodeRedis, openPool } from "./shared/engines";
import { commonSettings, hexKey, required } from "./shared/environment";
import { type Answer, jsonAnswer, routeNotFound, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";
import { provisionStreams } from "./shared/streams";

// The release's API does not survive the loss of its Postgres connections: it exits, and connection refused is the sign.
const exit = (error: unknown): never => {
  console.error("postgres connection lost", error);
  process.exit(1);
};

const settings = commonSettings("api");
const pool = openPool(settings.databaseUrl, exit);
const redis = openNodeRedis(settings.redisUrl);
const admin = new Admin(pool, required("ADMIN_TOKEN"));
let draining = false;

async function ready(): Promise<Answer> {
  if (draining) return jsonAnswer(503, { ok: false, draining: true });
  try {
    await pool.query("SELECT 1");
    await redis.ping();
    return jsonAnswer(200, { ok: true });
  } catch (error) {
    return jsonAnswer(503, { ok: false, error: error instanceof Error ? error.message : String(error) });
  }
}

await pool.query("SELECT 1").catch(exit);
await provisionStreams(redis).catch((error: unknown) => console.error("could not provision streams", error));
await serve(settings.host, settings.port, (request) => {
  if (request.path === "/health") return jsonAnswer(200, { ok: true });
  if (request.path === "/ready") return ready();
  if (request.path.startsWith("/v1/")) return admin.handle(request);
  return routeNotFound(request);
});
startDispatcher(pool, redis, hexKey("STREAMS_HMAC_KEY"), `api:${process.pid}`, exit);
exitOnSignal(() => {
  draining = true;
});
