import { Gateway } from "./gateway-parts/guard";
import { openFastRedis, openPool, postgresProblem, redisProblem } from "./shared/engines";
import { commonSettings, hexKey, required } from "./shared/environment";
import { startConsumer } from "./shared/consumer";
import { type Answer, empty, goError, goJsonAnswer, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";
import { revocations } from "./shared/streams";

const settings = commonSettings("gateway");
const stsUrl = required("STS_URL");
const pool = openPool(settings.databaseUrl);
const redis = openFastRedis(settings.redisUrl);
const gateway = new Gateway(redis, stsUrl);

async function loadBindings(): Promise<void> {
  const sql = "SELECT count(*)::int AS n FROM resources WHERE upstream_url IS NOT NULL AND archived_at IS NULL";
  const { rows } = await pool.query<{ n: number }>(sql);
  gateway.counters.bindings_loaded = rows[0]?.n ?? 0;
}

async function stsProblem(): Promise<string | null> {
  const url = `${stsUrl}/ready`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? null : "sts unavailable";
  } catch (error) {
    const { host } = new URL(stsUrl);
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return `sts unreachable: Get "${url}": ${timedOut ? "context deadline exceeded" : `dial tcp ${host}: connect: connection refused`}`;
  }
}

async function ready(): Promise<Answer> {
  if (gateway.counters.bindings_loaded === 0) return goError(503, "bindings unavailable");
  const postgres = await postgresProblem(pool, settings.databaseUrl);
  if (postgres !== null) return goError(503, `postgres unreachable: ${postgres}`);
  const away = await redisProblem(redis, settings.redisUrl);
  if (away !== null) return goError(503, `redis unreachable: ${away}`);
  const sts = await stsProblem();
  return sts === null ? empty() : goError(503, sts);
}

// Away at the start: /ready recovers, the consumer below never begins.
const redisAtStart = await redis.connect().then(
  () => true,
  () => false,
);
await serve(settings.host, settings.port, (request) => {
  if (request.path === "/health") return empty();
  if (request.path === "/ready") return ready();
  if (request.path === "/metrics") return goJsonAnswer(200, gateway.metrics());
  return gateway.pass(request);
});

await loadBindings().catch(() => undefined);
setInterval(() => void loadBindings().catch(() => undefined), 30_000).unref();
if (redisAtStart)
  await startConsumer({
    redisUrl: settings.redisUrl,
    key: hexKey("STREAMS_HMAC_KEY"),
    stream: revocations,
    group: "gateway-revocation",
    consumer: `gateway-${settings.process}`,
    apply({ session_id }) {
      if (session_id === undefined || session_id === "") throw new Error("missing session_id");
      gateway.revoke(session_id);
    },
  });
exitOnSignal();
