import { randomBytes, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import { createCaracalDatabase, createConsoleDatabase } from "@/sandbox/engines/databases";
import { startPostgres } from "@/sandbox/engines/postgres";
import { startRedis } from "@/sandbox/engines/redis";
import type { Deployment } from "@/server/caracal/deployment";
import { createDispatcher } from "@/server/caracal/revocation/dispatch";
import { openRedis } from "@/server/caracal/redis";
import { openDatabase } from "@/server/platform/postgres";
import type { RoundContext } from "@/server/playbooks/round-context";

export type Victim = { readonly sid: string; readonly zoneId: string };

/** Engines of the bench's own, Caracal's tables with 50 zones, and the context of the domain verb. Gateways are not part of it. */
export async function openBenchStage() {
  const [postgres, redisEngine] = await Promise.all([startPostgres(), startRedis()]);
  const [own, theirs] = [await createConsoleDatabase(postgres.url), await createCaracalDatabase(postgres.url)];
  const owner = new pg.Pool({ connectionString: theirs.ownerUrl, max: 4 });
  owner.on("error", () => undefined); // closing ends idle connections
  const raw = new Redis(redisEngine.url);
  const key = randomBytes(32);
  const db = openDatabase({ url: own.url, label: "console", max: 6, statementTimeoutMs: 30_000 });
  const caracal: Deployment = {
    name: "bench",
    db: openDatabase({ url: theirs.url, label: "Caracal", max: 6, statementTimeoutMs: 30_000 }),
    redis: openRedis(redisEngine.url),
    replicas: [],
    streamsKey: key,
    auditKey: null,
    adminToken: null,
    coordinatorToken: null,
    close: async () => undefined,
  };
  await raw.ping();
  while (caracal.redis.status !== "ready") await new Promise((resolve) => setTimeout(resolve, 20));
  const ctx: RoundContext = {
    db,
    caracal,
    collector: { snapshot: () => emptySnapshot, sampleNow: async () => emptySnapshot },
    dispatcher: createDispatcher(),
  };
  const zones = Array.from({ length: 50 }, () => randomUUID());
  await owner.query(
    "INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) SELECT id, 'org', id, id, '\\x00' FROM unnest($1::text[]) AS id",
    [zones],
  );

  /** `count` fresh live sessions spread over the 50 zones. */
  async function victims(count: number): Promise<Victim[]> {
    const { rows } = await owner.query<Victim>(
      `INSERT INTO sessions (id, zone_id, session_type, subject_id, expires_at)
       SELECT gen_random_uuid()::text, ($1::text[])[1 + n % 50], 'user', 'subject-' || n % 50, now() + interval '1 hour'
         FROM generate_series(0, $2 - 1) AS n RETURNING id AS sid, zone_id AS "zoneId"`,
      [zones, count],
    );
    return rows;
  }

  /** A run whose intent is recorded: its round and its targets. Only the bench gives a run targets in more than one zone. */
  async function recordedRun(targets: readonly Victim[]): Promise<string> {
    const runId = randomUUID();
    await db.query(
      `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, subject_id, subject_type, from_kind, from_id,
                                  reason, created_by_id, created_by_name, driver_id, driver_name)
       VALUES ($1, 'revoke-session', 'revoke', $2, 'bench', 'bench', 'nobody', 'user', 'subject', 'nobody', 'bench', 'b', 'Bench', 'b', 'Bench')`,
      [runId, zones[0]],
    );
    await db.query(
      `INSERT INTO playbook_rounds (run_id, round, kind, lane, requested_by_id, requested_by_name, planned_at, targets)
       VALUES ($1, 1, 'revoke', 'fast', 'b', 'Bench', now(), $2)`,
      [runId, targets.length],
    );
    await db.query(
      `INSERT INTO playbook_targets (run_id, sid, zone_id, round, sweep, expires_at, minted_at)
       SELECT $1, t.sid, t.zone_id, 1, 1, now() + interval '1 hour', now() FROM unnest($2::text[], $3::text[]) AS t (sid, zone_id)`,
      [runId, targets.map((target) => target.sid), targets.map((target) => target.zoneId)],
    );
    return runId;
  }

  return {
    ctx,
    owner,
    raw,
    key,
    redisUrl: redisEngine.url,
    caracalUrl: theirs.url,
    victims,
    recordedRun,
    async settle() {
      await owner.query("VACUUM ANALYZE sessions, event_outbox");
      await owner.query("CHECKPOINT").catch(() => undefined); // needs a right that the owner may lack
    },
    async close() {
      raw.disconnect();
      caracal.redis.disconnect();
      await Promise.all([owner.end(), db.close(), caracal.db.close()]);
      await Promise.all([postgres.dispose(), redisEngine.dispose()]);
    },
  };
}
export type BenchStage = Awaited<ReturnType<typeof openBenchStage>>;
