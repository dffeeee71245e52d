import type { Pool } from "pg";
import { isConnectionError, openNodeRedis, openPool } from "./shared/engines";
import { commonSettings, hexKey, required } from "./shared/environment";
import { type Answer, bearer, jsonAnswer, type Request, routeNotFound, serve } from "./shared/http-server";
import { exitOnSignal } from "./shared/shutdown";
import { flattened, publishSigned } from "./shared/streams";

const exit = (error: unknown): never => {
  console.error("postgres connection lost", error);
  process.exit(1);
};

const settings = commonSettings("coordinator");
const key = hexKey("STREAMS_HMAC_KEY");
const token = required("COORDINATOR_TOKEN");
const pool = openPool(settings.databaseUrl, exit);
const redis = openNodeRedis(settings.redisUrl);
const ttlSweeper = { runs: 0, expired: 0, errors: 0 };
const retentionCleaner = { runs: 0, deleted: 0, errors: 0 };

async function ready(): Promise<Answer> {
  try {
    await pool.query("SELECT 1");
    await redis.ping();
    return jsonAnswer(200, { ok: true });
  } catch (error) {
    return jsonAnswer(503, { ok: false, error: error instanceof Error ? error.message : String(error) });
  }
}

async function counts(pg: Pool): Promise<Record<string, number>> {
  const { rows } = await pg.query<{ status: string; n: number }>(
    "SELECT status, count(*)::int AS n FROM caracal_outbox GROUP BY status",
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.n]));
}

async function metrics(request: Request): Promise<Answer> {
  const given = bearer(request);
  if (given === null) return jsonAnswer(401, { error: "missing_token" });
  if (given !== token) return jsonAnswer(401, { error: "invalid_token" });
  return jsonAnswer(200, {
    invocations: {},
    outbox: await counts(pool),
    ttl_sweeper: ttlSweeper,
    retention_cleaner: retentionCleaner,
  });
}

/** The coordinator's own outbox, published with outbox_id and dedupe_key beside the payload. */
async function dispatch(): Promise<void> {
  const { rows } = await pool.query<{
    id: string;
    topic: string;
    dedupe_key: string;
    payload_json: Record<string, unknown>;
  }>(
    "SELECT id, topic, dedupe_key, payload_json FROM caracal_outbox WHERE status = 'pending' AND available_at <= now() ORDER BY available_at LIMIT 32",
  );
  for (const row of rows) {
    await publishSigned(redis, key, row.topic, {
      ...flattened(row.payload_json),
      outbox_id: row.id,
      dedupe_key: row.dedupe_key,
    });
    await pool.query(
      "UPDATE caracal_outbox SET status = 'published', attempts = attempts + 1, published_at = now() WHERE id = $1",
      [row.id],
    );
  }
}

/** Fails on this release whenever there is something to expire: it sets updated_at, which the table lacks. */
async function sweep(): Promise<void> {
  ttlSweeper.runs += 1;
  await pool.query(`UPDATE agent_sessions SET status = 'expired', updated_at = now()
    WHERE status = 'active' AND ttl_seconds IS NOT NULL AND spawned_at + make_interval(secs => ttl_seconds) < now()`);
}

async function clean(): Promise<void> {
  retentionCleaner.runs += 1;
  const { rowCount } = await pool.query(
    "DELETE FROM caracal_outbox WHERE status = 'published' AND published_at < now() - interval '7 days'",
  );
  retentionCleaner.deleted += rowCount ?? 0;
}

function every(milliseconds: number, work: () => Promise<void>, failed: () => void): void {
  setInterval(() => {
    work().catch((error: unknown) => (pgGone(error) ? exit(error) : failed()));
  }, milliseconds);
}
const pgGone = (error: unknown): boolean =>
  isConnectionError(error) && !(error instanceof Error && /retries per request/.test(error.message));

await pool.query("SELECT 1").catch(exit);
await serve(settings.host, settings.port, (request) => {
  if (request.path === "/health") return jsonAnswer(200, { ok: true });
  if (request.path === "/ready") return ready();
  if (request.path === "/metrics") return metrics(request);
  return routeNotFound(request);
});
every(1_000, dispatch, () => undefined);
every(30_000, sweep, () => {
  ttlSweeper.errors += 1;
});
every(60_000, clean, () => {
  retentionCleaner.errors += 1;
});
exitOnSignal();
