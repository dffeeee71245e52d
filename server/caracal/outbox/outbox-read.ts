import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

export const outboxNames = ["event_outbox", "caracal_outbox"] as const;
export type OutboxName = (typeof outboxNames)[number];

/** `waiting` has not failed yet, `failing` has and is tried again, `dead` is tried no more (contract section 2). */
export type OutboxState = "waiting" | "failing" | "dead";

/** Undispatched rows of event_outbox that are looked at, oldest due first: the index of due rows holds no others. */
export const eventRowsSeen = 10_000;
/** Rows of caracal_outbox that one look goes through, newest first: no index tells its dead from its published. */
export const coordinatorRowsSeen = 20_000;

const states = `CASE WHEN dead THEN 'dead' WHEN failing THEN 'failing' ELSE 'waiting' END`;

/**
 * What one look goes through, bounded and by an index only: the partial index of undispatched rows, the dead ones after the due, or
 * the primary key down from where the last look ended. Materialised, so that no filter below turns it into a walk over what was published.
 */
const seen = {
  event_outbox: `seen AS MATERIALIZED (
    (SELECT id, stream_name AS stream, attempts, available_at, created_at, false AS dead,
            attempts > 0 AND last_error IS NOT NULL AS failing FROM event_outbox
      WHERE dispatched_at IS NULL AND available_at < 'infinity' ORDER BY available_at LIMIT ${eventRowsSeen + 1})
    UNION ALL
    (SELECT id, stream_name, attempts, available_at, created_at, true, false FROM event_outbox
      WHERE dispatched_at IS NULL AND available_at = 'infinity' ORDER BY available_at LIMIT ${eventRowsSeen + 1}))`,
  caracal_outbox: (before: string | null) => `seen AS MATERIALIZED (
    SELECT id, topic AS stream, attempts, available_at, created_at, status = 'dead' AS dead, attempts > 0 AS failing
      FROM (SELECT * FROM caracal_outbox ${below(before)} ORDER BY id DESC LIMIT ${coordinatorRowsSeen}) newest
     WHERE status <> 'published')`,
};

/** A greatest id there is not: which text sorts last depends on the database's collation. */
const below = (before: string | null) => (before === null ? "" : "WHERE id < $1");
const belowParams = (before: string | null) => (before === null ? [] : [before]);

export type OutboxCount = {
  readonly stream: string;
  readonly state: OutboxState;
  readonly rows: number;
  readonly oldest: string; // created
};

/** How many rows of each stream wait, fail or are dead, within what one look goes through. */
export function countOutbox(tx: Queryable, outbox: OutboxName): Promise<OutboxCount[]> {
  return tx.query<OutboxCount>(
    `WITH ${outbox === "event_outbox" ? seen.event_outbox : seen.caracal_outbox(null)}
     SELECT stream, ${states} AS state, count(*)::int AS rows, ${exactInstantSql("min(created_at)")} AS oldest
       FROM seen GROUP BY 1, 2 ORDER BY 1, 2`,
  );
}

export type OutboxRow = {
  readonly id: string;
  readonly stream: string;
  readonly state: OutboxState;
  readonly attempts: number;
  readonly availableAt: string | null; // null: never again
  readonly createdAt: string;
  readonly lastError: string | null; // caracal_outbox keeps none
  readonly payload: Readonly<Record<string, unknown>>;
};

const whole: Readonly<Record<OutboxName, string>> = {
  event_outbox: "o.last_error",
  caracal_outbox: "NULL::text",
};

/** One page of rows in a state, oldest first, at most `limit` + 1. */
export function readEventOutbox(
  tx: Queryable,
  asked: { readonly state: OutboxState; readonly after: readonly [string, string] | null; readonly limit: number },
): Promise<OutboxRow[]> {
  const [createdAt, id] = asked.after ?? [null, null];
  return tx.query<OutboxRow>(
    `WITH ${seen.event_outbox}, page AS MATERIALIZED (
       SELECT *, ${states} AS state FROM seen
        WHERE ${states} = $1 AND ($2::timestamptz IS NULL OR (created_at, id) > ($2::timestamptz, $3))
        ORDER BY created_at, id LIMIT $4)
     SELECT ${columns("event_outbox")} FROM page p JOIN event_outbox o ON o.id = p.id ORDER BY p.created_at, p.id`,
    [asked.state, createdAt, id, asked.limit + 1],
  );
}

/** Rows in a state among the 20,000 before `before`, newest first, and where the next look goes on; null at the end. */
export async function readCoordinatorOutbox(
  tx: Queryable,
  asked: { readonly state: OutboxState; readonly before: string | null; readonly limit: number },
): Promise<{ readonly rows: readonly OutboxRow[]; readonly next: string | null }> {
  const { before } = asked;
  const after = belowParams(before);
  const found = await tx.query<OutboxRow>(
    `WITH ${seen.caracal_outbox(before)}, page AS MATERIALIZED (
       SELECT *, ${states} AS state FROM seen WHERE ${states} = $${after.length + 1} ORDER BY id DESC LIMIT $${after.length + 2})
     SELECT ${columns("caracal_outbox")} FROM page p JOIN caracal_outbox o ON o.id = p.id ORDER BY p.id DESC`,
    [...after, asked.state, asked.limit + 1],
  );
  if (found.length > asked.limit)
    return { rows: found.slice(0, asked.limit), next: found[asked.limit - 1]?.id ?? null };
  const [end] = await tx.query<{ id: string }>(
    `SELECT id FROM caracal_outbox ${below(before)} ORDER BY id DESC OFFSET ${coordinatorRowsSeen - 1} LIMIT 1`,
    after,
  );
  return { rows: found, next: end?.id ?? null };
}

const columns = (outbox: OutboxName) =>
  `p.id, p.stream, p.state, p.attempts, ${whole[outbox]} AS "lastError", o.payload_json AS payload,
   CASE WHEN p.available_at = 'infinity' THEN NULL ELSE ${exactInstantSql("p.available_at")} END AS "availableAt",
   ${exactInstantSql("p.created_at")} AS "createdAt"`;
