import type { StoredRow } from "@/server/audit/verify/stored-row";
import { storedColumns } from "@/server/caracal/audit-chain-read";
import type { Queryable } from "@/server/platform/postgres";

const mostOfOneId = 5; // an id that stands there with several times is a conflict whichever of them is looked at

/**
 * The rows of events by their ids, whatever their time: one probe of each partition's key (id, occurred_at) an id. Bounded by the ids
 * given, at most 500.
 */
export const rowsById = (tx: Queryable, ids: readonly string[]): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT e.* FROM unnest($1::text[]) AS wanted (wanted_id)
      CROSS JOIN LATERAL (SELECT ${storedColumns} FROM audit_events WHERE id = wanted_id LIMIT ${mostOfOneId}) AS e`,
    [ids.slice(0, 500)],
  );

export type WantedRow = { readonly n: number; readonly eventId: string; readonly occurredAt: string };

/** The content hashes of the events that are there by (id, occurred_at): one probe of one partition each. */
export const contentsOf = (
  tx: Queryable,
  wanted: readonly WantedRow[],
): Promise<{ readonly n: number; readonly content: string | null }[]> =>
  tx.query(
    `SELECT n, e.content_sha256 AS content FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS wanted (n, wanted_id, wanted_at)
      CROSS JOIN LATERAL (SELECT content_sha256 FROM audit_events WHERE id = wanted_id AND occurred_at = wanted_at LIMIT 1) AS e`,
    [wanted.map(({ n }) => n), wanted.map(({ eventId }) => eventId), wanted.map(({ occurredAt }) => occurredAt)],
  );
