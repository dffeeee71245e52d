import type { Redis } from "ioredis";
import type { Pool } from "pg";
import { isConnectionError } from "../shared/engines";
import { flattened, publishSigned } from "../shared/streams";

const everyMs = 250;
const batch = 32;
const parkAfter = 100;

const claimSql = `
  UPDATE event_outbox SET locked_until = now() + interval '30 seconds', locked_by = $1, attempts = attempts + 1
  WHERE id IN (
    SELECT id FROM event_outbox
    WHERE dispatched_at IS NULL AND available_at <= now() AND (locked_until IS NULL OR locked_until < now())
    ORDER BY available_at LIMIT ${batch} FOR UPDATE SKIP LOCKED)
  RETURNING id, stream_name, payload_json, attempts, available_at`;
const doneSql =
  "UPDATE event_outbox SET dispatched_at = now(), locked_until = NULL, last_error = NULL WHERE id = $1 AND locked_by = $2";
const failedSql = `
  UPDATE event_outbox SET locked_until = NULL, last_error = $3,
    available_at = CASE WHEN attempts >= ${parkAfter} THEN 'infinity'::timestamptz ELSE now() + make_interval(secs => $4) END
  WHERE id = $1 AND locked_by = $2`;

type Row = {
  id: string;
  stream_name: string;
  payload_json: Record<string, unknown>;
  attempts: number;
  available_at: Date;
};

/** Seconds until a row is tried again: doubling from 0.3 s up to about 77 s. */
const backoffSeconds = (attempts: number): number => 0.3 * 2 ** Math.min(attempts, 8);

/** One tick of the outbox (contract section 2): lease, sign, XADD, mark. Gives how many rows were published. */
export async function dispatchOnce(pool: Pool, redis: Redis, key: Buffer, owner: string): Promise<number> {
  const { rows } = await pool.query<Row>(claimSql, [owner]);
  rows.sort((a, b) => a.available_at.getTime() - b.available_at.getTime());
  let published = 0;
  for (const row of rows) {
    try {
      await publishSigned(redis, key, row.stream_name, flattened(row.payload_json));
    } catch (error) {
      await pool.query(failedSql, [
        row.id,
        owner,
        error instanceof Error ? error.message : String(error),
        backoffSeconds(row.attempts),
      ]);
      continue;
    }
    await pool.query(doneSql, [row.id, owner]);
    published += 1;
  }
  return published;
}

/** Dispatches every 250 ms, never two ticks at once. `onLost` hears when Postgres is gone. */
export function startDispatcher(
  pool: Pool,
  redis: Redis,
  key: Buffer,
  owner: string,
  onLost: (error: unknown) => void,
): void {
  let busy = false;
  setInterval(() => {
    if (busy) return;
    busy = true;
    dispatchOnce(pool, redis, key, owner)
      .catch((error: unknown) => (isConnectionError(error) ? onLost(error) : console.error("dispatch", error)))
      .finally(() => {
        busy = false;
      });
  }, everyMs);
}
