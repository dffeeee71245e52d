import type { Redis } from "ioredis";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { type RawEntry, readEntries, readPending } from "@/server/caracal/streams/entries";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

export const auditStream = "caracal.audit.events";
export const deadAuditStream = "caracal.audit.events.dlq";
const ingestor = "audit-ingestor";
const pageSize = 500;

/** The columns of a StoredRow, from audit_events. */
export const storedColumns = `id, zone_id, event_type, request_id, decision, policy_set_id, policy_set_version_id, manifest_sha, evaluation_status,
            determining_policies_json::text AS determining_policies_json, diagnostics_json::text AS diagnostics_json,
            metadata_json::text AS metadata_json, ${exactInstantSql("occurred_at")} AS occurred_at, ${exactInstantSql("ingested_at")} AS ingested_at,
            content_sha256, prev_content_sha256, chain_hmac, chain_seq::float8 AS chain_seq, ingest_signature`;

export type ChainPlace = { readonly seq: number; readonly id: string };

/** The next rows of a zone in the order of its chain, over the index (zone_id, chain_seq); jsonb as Postgres prints it. */
export const readChainRows = (
  tx: Queryable,
  zoneId: string,
  after: ChainPlace | null,
  limit: number,
  until = Number.MAX_SAFE_INTEGER,
): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT ${storedColumns}
       FROM audit_events WHERE zone_id = $1 AND chain_seq >= $2 AND (chain_seq, id) > ($2, $3) AND chain_seq <= $4
      ORDER BY audit_events.chain_seq, audit_events.id LIMIT $5`, // the columns, not what is selected under their names: only they are indexed
    [zoneId, after?.seq ?? Number.MIN_SAFE_INTEGER, after?.id ?? "", until, limit],
  );

/** The same from the end of the chain backwards. */
export const readLastRows = (tx: Queryable, zoneId: string, until: number, limit: number): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT ${storedColumns} FROM audit_events WHERE zone_id = $1 AND chain_seq <= $2 ORDER BY audit_events.chain_seq DESC LIMIT $3`,
    [zoneId, until, limit],
  );

/** Rows of a zone that have no place in its chain, by id. */
export const readUnplacedRows = (tx: Queryable, zoneId: string, after: string, limit: number): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT ${storedColumns} FROM audit_events WHERE zone_id = $1 AND chain_seq IS NULL AND id > $2 ORDER BY id LIMIT $3`,
    [zoneId, after, limit],
  );

type LinkRow = { seq: number; id: string; content: string; prev: string | null };
/** What links the rows of a zone from one seq to another. */
export const readLinks = (
  tx: Queryable,
  zoneId: string,
  { after, until, limit }: { readonly after: ChainPlace; readonly until: number; readonly limit: number },
): Promise<LinkRow[]> =>
  tx.query<LinkRow>(
    `SELECT chain_seq::float8 AS seq, id, coalesce(content_sha256, '') AS content, nullif(prev_content_sha256, '') AS prev FROM audit_events
      WHERE zone_id = $1 AND chain_seq >= $2 AND (chain_seq, id) > ($2, $3) AND chain_seq <= $4 ORDER BY chain_seq, id LIMIT $5`,
    [zoneId, after.seq, after.id, until, limit],
  );

type SealRow = LinkRow & { seal: string };
/** The seals of a zone from one seq to another as they are stored; a blank one is an empty text. */
export const readSeals = (
  tx: Queryable,
  zoneId: string,
  { after, until, limit }: { readonly after: ChainPlace; readonly until: number; readonly limit: number },
): Promise<SealRow[]> =>
  tx.query<SealRow>(
    `SELECT chain_seq::float8 AS seq, id, coalesce(content_sha256, '') AS content, nullif(prev_content_sha256, '') AS prev, coalesce(chain_hmac, '') AS seal
       FROM audit_events WHERE zone_id = $1 AND chain_seq >= $2 AND (chain_seq, id) > ($2, $3) AND chain_seq <= $4
      ORDER BY audit_events.chain_seq, audit_events.id LIMIT $5`,
    [zoneId, after.seq, after.id, until, limit],
  );

/** Where the events with these ids stand, at most 500: over the primary key of each partition. */
export const placesOfEvents = (
  tx: Queryable,
  ids: readonly string[],
): Promise<{ id: string; zone: string; seq: number | null }[]> =>
  tx.query("SELECT id, zone_id AS zone, chain_seq::float8 AS seq FROM audit_events WHERE id = ANY ($1) LIMIT 1000", [
    ids,
  ]);

/** An event by its id alone, over the primary key of each partition; null: there is none. */
export async function placeOfEvent(tx: Queryable, id: string): Promise<{ id: string; occurredAt: string } | null> {
  const [row] = await tx.query<{ id: string; occurredAt: string }>(
    `SELECT id, ${exactInstantSql("occurred_at")} AS "occurredAt" FROM audit_events WHERE id = $1 LIMIT 1`,
    [id],
  );
  return row ?? null;
}

/**
 * Zones by id that have events, those that Caracal's table does not know too: from one to the next over the index, without reading what
 * lies between.
 */
export const nextChainZones = (tx: Queryable, after: string | null, limit: number): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>(
    `WITH RECURSIVE zone AS (
       (SELECT zone_id AS id FROM audit_events WHERE zone_id > $1 ORDER BY zone_id LIMIT 1)
       UNION ALL
       SELECT (SELECT zone_id FROM audit_events WHERE zone_id > zone.id ORDER BY zone_id LIMIT 1) FROM zone WHERE zone.id IS NOT NULL
     ) SELECT id FROM zone WHERE id IS NOT NULL LIMIT $2`,
    [after ?? "", limit],
  );

/** Zones by id that Caracal's table knows. */
export const nextKnownZones = (tx: Queryable, after: string | null, limit: number): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>("SELECT id FROM zones WHERE id > $1 ORDER BY id LIMIT $2", [after ?? "", limit]);

/** The first and the last seq of each zone's chain, over the index; zones without rows are left out. */
export const readEnds = (
  tx: Queryable,
  zoneIds: readonly string[],
): Promise<{ zone: string; oldest: number; newest: number }[]> =>
  tx.query(
    `SELECT z.id AS zone, o.seq AS oldest, n.seq AS newest FROM unnest($1::text[]) AS z (id)
      CROSS JOIN LATERAL (SELECT chain_seq::float8 AS seq FROM audit_events WHERE zone_id = z.id AND chain_seq IS NOT NULL ORDER BY chain_seq LIMIT 1) AS o
      CROSS JOIN LATERAL (SELECT chain_seq::float8 AS seq FROM audit_events WHERE zone_id = z.id AND chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) AS n`,
    [zoneIds],
  );

/** The seqs at the edges of a window of time, out of the 200 events nearest to each edge; null: no event is in it. */
export async function seqsOfWindow(
  tx: Queryable,
  zoneId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<{ readonly from: number; readonly to: number } | null> {
  const edge = (order: "ASC" | "DESC") =>
    `(SELECT chain_seq FROM audit_events WHERE zone_id = $1 AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz ORDER BY occurred_at ${order} LIMIT 200)`;
  const [row] = await tx.query<{ from: number | null; to: number | null }>(
    `SELECT min(chain_seq)::float8 AS from, max(chain_seq)::float8 AS to FROM (${edge("ASC")} UNION ALL ${edge("DESC")}) AS edges`,
    [zoneId, from, to],
  );
  return row?.from == null || row.to === null ? null : { from: row.from, to: row.to };
}

/** The names of zones by id; those that Caracal does not know are left out. */
export async function zoneNames(tx: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ id: string; name: string }>("SELECT id, name FROM zones WHERE id = ANY ($1)", [ids]);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** What the ingestor has behind it: everything up to `last` but what is pending was ingested or dead-lettered. */
export type Settled = { readonly last: string; readonly before: string | null };

/** Redis's own refusal: there is no such key. Anything else is no answer. */
const noGroups = (error: unknown): unknown[][] => {
  if (error instanceof Error && error.name === "ReplyError" && error.message.includes("no such key")) return [];
  throw error;
};

/**
 * What is settled now: before the oldest pending entry, not after the last delivered. Null: there is no stream or no such group, so that
 * nothing can be told from what is absent. @throws when Redis does not answer
 */
export async function ingestedUpTo(redis: Redis): Promise<Settled | null> {
  const groups = (await redis.xinfo("GROUPS", auditStream).catch(noGroups)) as unknown[][];
  const group = groups.find((flat) => flat[flat.indexOf("name") + 1] === ingestor);
  if (group === undefined) return null;
  const [pending] = await readPending(redis, { stream: auditStream, group: ingestor, after: null, limit: 1 });
  return { last: String(group[group.indexOf("last-delivered-id") + 1]), before: pending?.id ?? null };
}

export const isSettled = (id: string, { last, before }: Settled): boolean =>
  compareStreamIds(id, last) <= 0 && (before === null || compareStreamIds(id, before) < 0);

/** A stream's pages from after an entry, oldest first, up to where it ends when that page is read. */
export async function* pagesOfStream(
  redis: Redis,
  stream: string,
  from: string | null = null,
): AsyncGenerator<readonly RawEntry[]> {
  for (let after = from; ; ) {
    const page: RawEntry[] = await readEntries(redis, { stream, after, direction: "oldest", limit: pageSize });
    if (page.length > 0) yield page;
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize || after === null) return;
  }
}
