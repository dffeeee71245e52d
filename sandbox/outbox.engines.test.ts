import { Redis } from "ioredis";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freshCaracalDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { dispatchOnce } from "@/sandbox/services/api-parts/dispatcher";
import { verifiedEntries } from "@/sandbox/stand-in-witness";

const key = Buffer.alloc(32, 7);
const stream = "caracal.sessions.revoke";
let database: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let engine: Awaited<ReturnType<typeof freshRedis>>;
let pool: Pool;
let redis: Redis;

beforeAll(async () => {
  [database, engine] = await Promise.all([freshCaracalDatabase(), freshRedis()]);
  pool = new Pool({ connectionString: database.ownerUrl });
  redis = new Redis(engine.url);
});
afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await Promise.all([database?.drop(), engine?.drop()]);
});
beforeEach(async () => {
  await pool.query("TRUNCATE event_outbox");
  await redis.flushall();
});

const tick = (owner = "api:1") => dispatchOnce(pool, redis, key, owner);
const add = (count: number, columns = "", values = "") =>
  pool.query(`INSERT INTO event_outbox (id, stream_name, payload_json, available_at${columns})
    SELECT 'row-' || n, '${stream}', jsonb_build_object('zone_id', 'z', 'session_id', 's-' || n),
      now() - make_interval(secs => n)${values} FROM generate_series(1, ${count}) AS n`);
type Row = {
  attempts: number;
  waits: number;
  parked: boolean;
  last_error: string | null;
  locked_until: Date | null;
  dispatched_at: Date | null;
};
const one = async (): Promise<Row | undefined> => {
  const sql = `SELECT attempts, last_error, locked_until, dispatched_at, available_at = 'infinity' AS parked,
    CASE WHEN available_at = 'infinity' THEN 0 ELSE extract(epoch FROM available_at - now())::float8 END AS waits
    FROM event_outbox WHERE id = 'row-1'`;
  return (await pool.query<Row>(sql)).rows[0];
};

describe("the API's outbox lane", () => {
  it("publishes 32 rows a tick, the longest due first: 128 a second and replica", async () => {
    await add(70);
    expect([await tick(), await tick(), await tick(), await tick()]).toEqual([32, 32, 6, 0]);
    const { entries, unsigned } = await verifiedEntries(redis, key, stream);
    expect(unsigned).toEqual([]);
    expect(entries.map(({ fields }) => fields.session_id)).toEqual(Array.from({ length: 70 }, (_, n) => `s-${70 - n}`));
    const { rows } = await pool.query(
      "SELECT DISTINCT attempts, locked_until, dispatched_at IS NOT NULL AS done FROM event_outbox",
    );
    expect(rows).toEqual([{ attempts: 1, locked_until: null, done: true }]);
  });

  it("shares the rows between two replicas, never publishing one twice", async () => {
    await add(64);
    const counts = await Promise.all([tick("api:1"), tick("api:2")]);
    expect(counts).toEqual([32, 32]);
    const { entries } = await verifiedEntries(redis, key, stream);
    expect(new Set(entries.map(({ fields }) => fields.session_id)).size).toBe(64);
  });

  it("leaves alone what is not due and what another process holds, and takes it over when that lease ends", async () => {
    await add(1, ", locked_until, locked_by, attempts", ", now() + interval '30 seconds', 'console:1', 1");
    expect(await tick()).toBe(0);
    await pool.query("UPDATE event_outbox SET locked_until = now() - interval '1 second'");
    expect(await tick()).toBe(1);
    expect(await one()).toMatchObject({ attempts: 2, dispatched_at: expect.any(Date) });
    await pool.query("UPDATE event_outbox SET dispatched_at = NULL, available_at = now() + interval '1 minute'");
    expect(await tick()).toBe(0);
  });

  it("backs off after a failure, doubling to about 77 s, and keeps the reason", async () => {
    await redis.set(stream, "not a stream"); // every XADD is refused
    await add(1);
    const waits: number[] = [];
    for (const attempts of [0, 1, 7, 50]) {
      await pool.query("UPDATE event_outbox SET available_at = now(), attempts = $1", [attempts]);
      expect(await tick()).toBe(0);
      const row = await one();
      expect(row).toMatchObject({ attempts: attempts + 1, locked_until: null, dispatched_at: null, parked: false });
      expect(row?.last_error).toContain("WRONGTYPE");
      expect(await tick()).toBe(0);
      expect((await one())?.attempts).toBe(attempts + 1); // not due yet
      waits.push(row?.waits ?? 0);
    }
    const [first = 0, second = 0, eighth = 0, late = 0] = waits;
    expect(second / first).toBeCloseTo(2, 0);
    for (const long of [eighth, late]) {
      expect(long).toBeGreaterThan(70);
      expect(long).toBeLessThanOrEqual(77);
    }
  });

  it("parks a row for ever after a hundred attempts; the others go on", async () => {
    await redis.set(stream, "not a stream");
    await add(1, ", attempts", ", 98");
    await tick();
    expect(await one()).toMatchObject({ attempts: 99, parked: false });
    await pool.query("UPDATE event_outbox SET available_at = now()");
    await tick();
    expect(await one()).toMatchObject({
      attempts: 100,
      parked: true,
      last_error: expect.stringContaining("WRONGTYPE"),
    });
    await redis.del(stream);
    await pool.query(
      "INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('other', $1, '{\"session_id\":\"x\"}')",
      [stream],
    );
    expect(await tick()).toBe(1);
    expect(await one()).toMatchObject({ attempts: 100, parked: true, dispatched_at: null });
  });
});
