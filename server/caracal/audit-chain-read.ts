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

/** The next rows of a zone in the order of its chain, over the index (zone_id, chain_seq); jsonb as Postgres prints it. */
export const readChainRows = (
  tx: Queryable,
  zoneId: string,
  after: { readonly seq: number; readonly id: string } | null,
  limit: number,
): Promise<StoredRow[]> =>
  tx.query<StoredRow>(
    `SELECT ${storedColumns}
       FROM audit_events WHERE zone_id = $1 AND chain_seq >= $2 AND (chain_seq, id) > ($2, $3)
      ORDER BY audit_events.chain_seq, audit_events.id LIMIT $4`, // the columns, not what is selected under their names: only they are indexed
    [zoneId, after?.seq ?? 0, after?.id ?? "", limit],
  );

/** Zones by id: those that Caracal knows. Events of others have chains too, and are not looked at. */
export const nextChainZones = (tx: Queryable, after: string | null, limit: number): Promise<{ id: string }[]> =>
  tx.query<{ id: string }>("SELECT id FROM zones WHERE ($1::text IS NULL OR id > $1) ORDER BY id LIMIT $2", [
    after,
    limit,
  ]);

/** The names of zones by id; those that Caracal does not know are left out. */
export async function zoneNames(tx: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ id: string; name: string }>("SELECT id, name FROM zones WHERE id = ANY ($1)", [ids]);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export type ChainHead = { readonly zone: string; readonly seq: number; readonly id: string; readonly content: string };

/** The head of each zone's chain, over the index (zone_id, chain_seq); zones without rows are left out. */
export const readHeads = (tx: Queryable, zoneIds: readonly string[]): Promise<ChainHead[]> =>
  tx.query<ChainHead>(
    `SELECT z.id AS zone, h.* FROM unnest($1::text[]) AS z (id) CROSS JOIN LATERAL (
       SELECT chain_seq::float8 AS seq, id, content_sha256 AS content FROM audit_events
        WHERE zone_id = z.id AND chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) AS h
      WHERE h.content IS NOT NULL`,
    [zoneIds],
  );

/**
 * The last entry up to which everything was ingested or dead-lettered: before the oldest pending one, not after the last delivered. Null:
 * there is no stream or no such group, so that nothing can be told from what is absent.
 */
export async function ingestedUpTo(
  redis: Redis,
): Promise<{ readonly last: string; readonly before: string | null } | null> {
  const groups = (await redis.xinfo("GROUPS", auditStream).catch(() => [])) as unknown[][];
  const group = groups.find((flat) => flat[flat.indexOf("name") + 1] === ingestor);
  if (group === undefined) return null;
  const [pending] = await readPending(redis, { stream: auditStream, group: ingestor, after: null, limit: 1 });
  return { last: String(group[group.indexOf("last-delivered-id") + 1]), before: pending?.id ?? null };
}

/** A stream's entries, oldest first, a page at a time, up to a bound. */
export async function* walkStream(
  redis: Redis,
  stream: string,
  bound: { readonly last: string; readonly before: string | null } | null,
): AsyncGenerator<RawEntry> {
  for (let after: string | null = null; ; ) {
    const page: RawEntry[] = await readEntries(redis, { stream, after, direction: "oldest", limit: pageSize });
    for (const entry of page) {
      if (bound !== null && compareStreamIds(entry.id, bound.last) > 0) return;
      if (bound?.before != null && compareStreamIds(entry.id, bound.before) >= 0) return;
      yield entry;
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize || after === null) return;
  }
}
