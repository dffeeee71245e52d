import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

/** A half-open window, [since, until), of exact instants. */
export type AuditWindow = { readonly since: string; readonly until: string };
export type AuditKey = readonly [occurredAt: string, id: string];
export type AuditFilter = {
  readonly eventType?: string | undefined;
  readonly decision?: string | undefined;
  readonly evaluationStatus?: string | undefined;
  readonly text?: string | undefined; // part of metadata_json as Postgres prints it, any case
};

export type StoredAuditEvent = {
  readonly id: string;
  readonly zoneId: string;
  readonly eventType: string;
  readonly requestId: string | null;
  readonly decision: string;
  readonly evaluationStatus: string | null;
  readonly occurredAt: string; // exact instant
  readonly ingestedAt: string;
  readonly chainSeq: string | null;
};

const columns = `id, zone_id AS "zoneId", event_type AS "eventType", request_id AS "requestId", decision,
  evaluation_status AS "evaluationStatus", ${exactInstantSql("occurred_at")} AS "occurredAt",
  ${exactInstantSql("ingested_at")} AS "ingestedAt", chain_seq::text AS "chainSeq"`;

/**
 * The zone ids that have events in the window, at most `limit`, by one index probe each (a loose scan of
 * (zone_id, occurred_at)): also ids that no zones row has, since ingestion accepts any.
 */
export async function readAuditZones(tx: Queryable, window: AuditWindow, limit: number): Promise<string[]> {
  const probe = (after: string) => `(SELECT zone_id FROM audit_events
      WHERE occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz ${after} ORDER BY zone_id LIMIT 1)`;
  const rows = await tx.query<{ zoneId: string }>(
    `WITH RECURSIVE seen (zone_id, n) AS (
       SELECT first.zone_id, 1 FROM ${probe("")} AS first
       UNION ALL
       SELECT next.zone_id, seen.n + 1 FROM seen CROSS JOIN LATERAL ${probe("AND zone_id > seen.zone_id")} AS next
       WHERE seen.n < $3)
     SELECT zone_id AS "zoneId" FROM seen`,
    [window.since, window.until, limit],
  );
  return rows.map((row) => row.zoneId);
}

/** True when any event carries this zone id. */
export async function hasAuditEvents(tx: Queryable, zoneId: string): Promise<boolean> {
  const rows = await tx.query("SELECT 1 FROM audit_events WHERE zone_id = $1 LIMIT 1", [zoneId]);
  return rows.length > 0;
}

/** Where a slice looks: some zones, or one request id (optionally in one zone). */
export type AuditScope =
  | { readonly kind: "zones"; readonly zoneIds: readonly string[] }
  | { readonly kind: "request"; readonly requestId: string; readonly zoneId: string | null };

export type AuditSlice = {
  readonly rows: readonly StoredAuditEvent[];
  readonly examined: number;
  readonly last: AuditKey | null; // the oldest event looked at
};

const before = `occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz
  AND ($3::timestamptz IS NULL OR (occurred_at <= $3::timestamptz AND (occurred_at, id) < ($3::timestamptz, $4::text)))`;
const looked = `id, zone_id, event_type, request_id, decision, evaluation_status, occurred_at, ingested_at, chain_seq, metadata_json`;

/**
 * Looks at the next `slice` events of the scope, newest first, and gives those that match. Per zone one descending scan of
 * (zone_id, occurred_at) over the window's partitions only; a request id is led by its own index.
 */
export async function readAuditSlice(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  from: AuditKey | null,
  slice: number,
): Promise<AuditSlice> {
  const ofZones = `SELECT event.* FROM unnest($10::text[]) AS zone (id) CROSS JOIN LATERAL (
      SELECT ${looked} FROM audit_events WHERE zone_id = zone.id AND ${before}
      ORDER BY occurred_at DESC, id DESC LIMIT $5::int) AS event`;
  const ofRequest = `SELECT * FROM (SELECT ${looked} FROM audit_events
      WHERE request_id = $10::text AND ${before} OFFSET 0) AS event WHERE $11::text IS NULL OR zone_id = $11`;
  const [source, named] =
    scope.kind === "zones" ? [ofZones, [scope.zoneIds]] : [ofRequest, [scope.requestId, scope.zoneId]];
  type Row = StoredAuditEvent & { examined: number; lastAt: string | null; lastId: string | null; matched: boolean };
  const rows = await tx.query<Row>(
    `WITH slice AS MATERIALIZED (${source} ORDER BY occurred_at DESC, id DESC LIMIT $5::int),
     looked AS (SELECT count(*)::int AS examined FROM slice),
     oldest AS (SELECT id, ${exactInstantSql("occurred_at")} AS at FROM slice ORDER BY occurred_at, id LIMIT 1),
     hits AS (SELECT ${columns}, occurred_at AS moment FROM slice
       WHERE ($6::text IS NULL OR event_type = $6) AND ($7::text IS NULL OR decision = $7)
         AND ($8::text IS NULL OR evaluation_status = $8)
         AND ($9::text IS NULL OR strpos(lower(metadata_json::text), lower($9)) > 0)
       ORDER BY occurred_at DESC, id DESC LIMIT 201)
     SELECT hits.*, looked.examined, oldest.at AS "lastAt", oldest.id AS "lastId", hits.id IS NOT NULL AS matched
     FROM looked LEFT JOIN oldest ON true LEFT JOIN hits ON true ORDER BY hits.moment DESC, hits.id DESC`,
    [
      window.since,
      window.until,
      from?.[0] ?? null,
      from?.[1] ?? null,
      slice,
      filter.eventType ?? null,
      filter.decision ?? null,
      filter.evaluationStatus ?? null,
      filter.text ?? null,
      ...named,
    ],
  );
  const first = rows[0];
  const last: AuditKey | null = first?.lastAt && first.lastId !== null ? [first.lastAt, first.lastId] : null;
  return { rows: rows.filter((row) => row.matched).map(asEvent), examined: first?.examined ?? 0, last };
}

const asEvent = (row: StoredAuditEvent): StoredAuditEvent => ({
  id: row.id,
  zoneId: row.zoneId,
  eventType: row.eventType,
  requestId: row.requestId,
  decision: row.decision,
  evaluationStatus: row.evaluationStatus,
  occurredAt: row.occurredAt,
  ingestedAt: row.ingestedAt,
  chainSeq: row.chainSeq,
});
