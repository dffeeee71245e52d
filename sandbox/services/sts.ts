import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFastRedis, openPool, postgresProblem, redisProblem } from "./shared/engines";
import { commonSettings, hexKey, optional, optionalNumber } from "./shared/environment";
import { type Answer, bodyText, empty, goError, goJsonAnswer, type Request, serve } from "./shared/http-server";
import { startConsumer } from "./shared/consumer";
import { exitOnSignal } from "./shared/shutdown";
import { keyInvalidations, policyInvalidations, revocations } from "./shared/streams";
import { AuditSink } from "./sts-parts/audit-sink";
import { exchange, Refused } from "./sts-parts/exchange";
import { ProviderTokens } from "./sts-parts/provider-tokens";
import { Policies } from "./sts-parts/policies";
import { KeyMissing, KeyUnreadable, ZoneKeys } from "./sts-parts/zone-keys";

const settings = commonSettings("sts");
const streamsKey = hexKey("STREAMS_HMAC_KEY");
const pool = openPool(settings.databaseUrl);
const redis = openFastRedis(settings.redisUrl);
const kek = hexKey("ZONE_KEK");
const keys = new ZoneKeys(pool, kek);
const providerTokens = new ProviderTokens(pool, kek);
const pollSeconds = optionalNumber("OPA_POLL_SECONDS", 60);
const policies = new Policies(pool, pollSeconds);
const spool = optional("AUDIT_REPLAY_DIR", join(tmpdir(), `caracal-audit-replay-${settings.replica}`));
const sink = new AuditSink(redis, hexKey("AUDIT_HMAC_KEY"), spool);
const parts = { pool, redis, keys, policies, sink };

async function ready(): Promise<Answer> {
  const postgres = await postgresProblem(pool, settings.databaseUrl);
  if (postgres !== null) return goError(503, `postgres unreachable: ${postgres}`);
  const away = await redisProblem(redis, settings.redisUrl);
  return away === null ? empty() : goError(503, `redis unreachable: ${away}`);
}

const metrics = (): Answer =>
  goJsonAnswer(200, {
    audit_dropped: sink.dropped,
    opa: {
      eval_total: policies.evaluations,
      eval_errors: 0,
      eval_duration_ns: policies.evaluationNanoseconds,
      compile_total: policies.compiled,
      compile_errors: policies.compileErrors,
      compile_duration_ns: policies.compileNanoseconds,
      max_policy_age_seconds: policies.maxAgeSeconds(),
      poll_interval_seconds: pollSeconds,
    },
    sts: {
      graph_traversals: 0,
      graph_traversal_errors: 0,
      audit_dropped: sink.dropped,
      audit_replay_pending: sink.pending,
      audit_replay_replayed: sink.replayed,
      audit_sink_errors: sink.sinkErrors,
      jwks_invalid_keys: keys.invalidKeys,
    },
  });

const refusal = (status: number, error: string, description: string): Answer =>
  goJsonAnswer(status, { error, error_description: description });

async function jwks(request: Request): Promise<Answer> {
  const zoneId = request.query.get("zone_id") ?? "";
  if (zoneId === "") return refusal(400, "invalid_request", "zone_id is required");
  try {
    const body = JSON.stringify({ keys: await keys.published(zoneId) });
    const headers = { "cache-control": "public, max-age=300, must-revalidate" };
    return { status: 200, body, type: "application/json", headers };
  } catch (error) {
    if (error instanceof KeyMissing) return refusal(404, "resource_not_found", error.message);
    if (error instanceof KeyUnreadable) return refusal(500, "internal_error", error.message);
    throw error;
  }
}

async function token(request: Request): Promise<Answer> {
  const text = (name: string) => bodyText(request, name);
  try {
    const mandate = await exchange(parts, {
      zoneId: text("zone_id"),
      applicationId: text("client_id"),
      clientSecret: text("client_secret"),
      subjectToken: text("subject_token"),
      userId: text("user_id"),
      resource: text("resource"),
      ambient: text("use") === "ambient",
    });
    const upstream = await providerTokens.upstream(text("zone_id"), mandate.subject, text("resource"), mandate.token);
    return goJsonAnswer(200, {
      access_token: mandate.token,
      token_type: "Bearer",
      expires_in: mandate.expiresIn,
      upstream_authorization: upstream, // of the stand-in alone: what the gateway would send on
    });
  } catch (error) {
    if (error instanceof Refused) return refusal(error.status, error.code, error.message);
    return refusal(500, "internal_error", "exchange failed");
  }
}

// Away at the start: /ready recovers, the consumers below never begin.
const redisAtStart = await redis.connect().then(
  () => true,
  () => false,
);
await serve(settings.host, settings.port, (request) => {
  if (request.path === "/health") return empty();
  if (request.path === "/ready") return ready();
  if (request.path === "/metrics") return metrics();
  if (request.path === "/.well-known/jwks.json") return jwks(request);
  if (request.path === "/__sandbox/refresh" && request.method === "POST")
    return providerTokens.refreshAll().then((refreshed) => goJsonAnswer(200, { refreshed }));
  if (request.path === "/oauth/token" && request.method === "POST") return token(request);
  return goError(404, "404 page not found");
});

policies.start();
await sink.drain();
const consumer = (suffix: string) => `sts-${settings.process}-${suffix}`;
const common = { redisUrl: settings.redisUrl, key: streamsKey };
if (redisAtStart)
  await startConsumer({
    ...common,
    stream: revocations,
    group: "sts-revocation",
    consumer: consumer("revocations"),
    async apply({ zone_id, session_id }) {
      if (session_id === undefined || session_id === "") throw new Error("missing session_id");
      await pool.query("UPDATE sessions SET status = 'revoked' WHERE id = $1 AND zone_id = $2 AND status = 'active'", [
        session_id,
        zone_id,
      ]);
    },
  });
if (redisAtStart)
  await startConsumer({
    ...common,
    stream: policyInvalidations,
    group: "opa-engine",
    consumer: consumer("policy"),
    async apply({ zone_id }) {
      if (zone_id === undefined || zone_id === "") throw new Error("missing zone_id");
      await policies.refresh(zone_id);
    },
  });
if (redisAtStart)
  await startConsumer({
    ...common,
    stream: keyInvalidations,
    group: "sts-keys",
    consumer: consumer("keys"),
    apply({ zone_id }) {
      if (zone_id === undefined || zone_id === "") throw new Error("missing zone_id");
      keys.forget(zone_id);
    },
  });
exitOnSignal();
