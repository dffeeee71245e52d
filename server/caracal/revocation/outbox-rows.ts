import type { Queryable } from "@/server/platform/postgres";
import type { OutboxProof } from "@/server/playbooks/schemas";
import { leaseSeconds } from "@/server/caracal/revocation/revocation-stream";
import type { StreamFields } from "@/server/caracal/stream-signature";

type Scalar = string | number | boolean | null;
export type LeasedRow = {
  readonly id: string;
  readonly stream: string;
  readonly payload: Readonly<Record<string, Scalar>>;
};

/** The fields of a stream message as the API's dispatcher flattens a payload: nulls left out, others as text (contract section 2). */
export function flattenPayload(payload: Readonly<Record<string, Scalar>>): StreamFields {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) if (value !== null) fields[name] = String(value);
  return fields;
}

/**
 * Takes (or renews) the lease of those of the given rows that are not dispatched and that nobody else holds, in dispatch
 * order. Rows that another dispatcher has locked right now are skipped.
 */
export async function claimOutboxRows(
  db: Queryable,
  ids: readonly string[],
  holder: string,
  seconds: number = leaseSeconds,
): Promise<LeasedRow[]> {
  const rows = await db.query<LeasedRow & { available_at: Date }>(
    `WITH due AS (
       SELECT id FROM event_outbox
        WHERE id = ANY ($1) AND dispatched_at IS NULL
          AND (locked_until IS NULL OR locked_until < now() OR locked_by = $2)
        ORDER BY available_at FOR UPDATE SKIP LOCKED
     )
     UPDATE event_outbox o SET locked_by = $2, locked_until = now() + make_interval(secs => $3), attempts = o.attempts + 1
       FROM due WHERE o.id = due.id
     RETURNING o.id, o.stream_name AS stream, o.payload_json AS payload, o.available_at`,
    [ids, holder, seconds],
  );
  return rows.sort((a, b) => a.available_at.getTime() - b.available_at.getTime());
}

/** Keeps the lease of rows that wait for slow consumer groups; counts no attempt. */
export async function renewOutboxLeases(
  db: Queryable,
  ids: readonly string[],
  holder: string,
  seconds: number,
): Promise<void> {
  await db.query(
    `UPDATE event_outbox SET locked_until = now() + make_interval(secs => $3)
      WHERE id = ANY ($1) AND locked_by = $2 AND dispatched_at IS NULL`,
    [ids, holder, seconds],
  );
}

/**
 * Records that rows whose lease is ours were published, and gives how many. By id alone (the CASE): the index of due rows holds
 * everybody's.
 */
export async function markDispatched(db: Queryable, ids: readonly string[], holder: string): Promise<number> {
  const [marked] = await db.query<{ rows: number }>(
    `WITH marked AS (
       UPDATE event_outbox SET dispatched_at = now(), locked_until = NULL, last_error = NULL
        WHERE id = ANY ($1) AND CASE WHEN dispatched_at IS NULL THEN locked_by = $2 ELSE false END
       RETURNING 1
     )
     SELECT count(*)::int AS rows FROM marked`,
    [ids, holder],
  );
  return marked?.rows ?? 0;
}

/** The state of each outbox row by id. Rows that do not exist are absent from the map. */
export async function readOutbox(db: Queryable, ids: readonly string[]): Promise<Map<string, OutboxProof>> {
  const rows = await db.query<{ id: string; dispatched_at: Date | null; parked: boolean; last_error: string | null }>(
    `SELECT id, dispatched_at, available_at = 'infinity' AS parked, last_error FROM event_outbox WHERE id = ANY ($1)`,
    [ids],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        state: row.dispatched_at !== null ? "dispatched" : row.parked ? "parked" : "written",
        at: row.dispatched_at?.toISOString() ?? null,
        error: row.last_error,
      },
    ]),
  );
}

/** Those of the given rows that are not dispatched yet. */
export async function undispatched(db: Queryable, ids: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT id FROM event_outbox WHERE id = ANY ($1) AND dispatched_at IS NULL ORDER BY available_at`,
    [ids],
  );
  return rows.map((row) => row.id);
}
