import { openFastRedis, redisProblem } from "./shared/engines";
import { commonSettings, hexKey, optionalNumber, required } from "./shared/environment";
import { startConsumer } from "./shared/consumer";
import { MandateVerifier } from "./resource-server-parts/verify-mandate";
import { bearer, goError, jsonAnswer, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";
import { revocations } from "./shared/streams";

// A resource server with the Redis revocation connector: it keeps one key per revoked session for 24 hours, and takes mandates by JWKS.
const settings = commonSettings("resource-server");
const redis = openFastRedis(settings.redisUrl);
const verifier = new MandateVerifier(redis, required("STS_URL"), optionalNumber("JWKS_CACHE_SECONDS", 300) * 1_000);

await serve(settings.host, settings.port, async (request) => {
  if (request.path === "/health") return jsonAnswer(200, { ok: true });
  if (request.path === "/call") {
    const verdict = await verifier.verify(bearer(request) ?? "");
    return jsonAnswer(verdict.ok ? 200 : 401, verdict);
  }
  if (request.path !== "/ready") return goError(404, "404 page not found");
  const away = await redisProblem(redis, settings.redisUrl);
  return away === null ? jsonAnswer(200, { ok: true }) : jsonAnswer(503, { ok: false, error: away });
});

await redis.connect().catch(() => undefined);
await startConsumer({
  redisUrl: settings.redisUrl,
  key: hexKey("STREAMS_HMAC_KEY"),
  stream: revocations,
  group: "resource-revocation",
  consumer: `resource-${settings.process}`,
  async apply({ session_id }) {
    if (session_id === undefined || session_id === "") throw new Error("missing session_id");
    await redis.set(`caracal:revoked:sessions:${session_id}`, "1", "EX", 86_400);
  },
});
exitOnSignal();
