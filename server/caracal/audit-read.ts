import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

/** A half-open window, [since, until), of exact instants. */
export type AuditWindow = { readonly since: string; readonly until: string };
/** The place of an event in a list; `inclusive`: a list that begins there has that event in it. */
export type AuditKey = { readonly occurredAt: string; readonly id: string; readonly inclusive: boolean };
/** older: from the newest down. newer: from the oldest up. */
export type AuditDirection = "older" | "newer";

/** What no index holds: it is compared with events that were found by zone and time, or by request id. */
export type AuditFilter = {
  readonly eventType?: string | undefined;
  readonly decision?: string | undefined;
  readonly evaluationStatus?: string | undefined;
  readonly resource?: string | undefined; // metadata_json.resource, or one of metadata_json.requested
  readonly policySetId?: string | undefined;
  readonly policySetVersionId?: string | undefined;
  readonly policy?: string | undefined; // `policy` of one of determining_policies_json
  readonly text?: string | undefined; // part of metadata_json as Postgres prints it, any case
};

export type StoredAuditEvent = {
  readonly id: string;
  readonly zoneId: string;
  readonly eventType: string;
  readonly requestId: string | null;
  readonly decision: string;
  readonly evaluationStatus: string | null;
  readonly policySetId: string | null;
  readonly policySetVersionId: string | null;
  readonly occurredAt: string; // exact instant
  readonly ingestedAt: string;
  readonly chainSeq: string | null;
};
/** As a list shows it: JSON as Postgres prints it, null when it is larger than 8 KiB and was not searched. */
export type ListedAuditEvent = StoredAuditEvent & {
  readonly metadata: string | null;
  readonly determiningPolicies: string | null;
  readonly large: boolean; // some of its JSON was left out
};

export const eventColumns = `id, zone_id AS "zoneId", event_type AS "eventType", request_id AS "requestId", decision,
  evaluation_status AS "evaluationStatus", policy_set_id AS "policySetId", policy_set_version_id AS "policySetVersionId",
  ${exactInstantSql("occurred_at")} AS "occurredAt", ${exactInstantSql("ingested_at")} AS "ingestedAt", chain_seq::text AS "chainSeq"`;

/**
 * The zone ids that any event carries, at most `limit`, in their order after `after`: one index probe for each zone and partition, whatever
 * the number of events. Also ids that no zones row has, since ingestion accepts any.
 */
export async function readAuditZones(tx: Queryable, after: string | null, limit: number): Promise<string[]> {
  const next = (than: string) => `(SELECT zone_id FROM audit_events WHERE zone_id > ${than} ORDER BY zone_id LIMIT 1)`;
  const rows = await tx.query<{ zoneId: string }>(
    `WITH RECURSIVE seen (zone_id, n) AS (
       SELECT first.zone_id, 1 FROM ${next("$1")} AS first
       UNION ALL
       SELECT next.zone_id, seen.n + 1 FROM seen CROSS JOIN LATERAL ${next("seen.zone_id")} AS next WHERE seen.n < $2)
     SELECT zone_id AS "zoneId" FROM seen`,
    [after ?? "", limit],
  );
  return rows.map((row) => row.zoneId);
}

/** True when any event carries this zone id. */
export async function hasAuditEvents(tx: Queryable, zoneId: string): Promise<boolean> {
  const rows = await tx.query("SELECT 1 FROM audit_events WHERE zone_id = $1 LIMIT 1", [zoneId]);
  return rows.length > 0;
}

/** How many events of the window carry a request id, counted up to `most`: callers choose it, so there can be any number. */
export async function countOfRequest(
  tx: Queryable,
  requestId: string,
  window: AuditWindow,
  most: number,
): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM audit_events
       WHERE request_id = $1 AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz LIMIT $4) AS found`,
    [requestId, window.since, window.until, most],
  );
  return rows[0]?.n ?? 0;
}

/** Where a slice looks: some zones (one of them with a request id that too many events carry), or one request id. */
export type AuditScope =
  | { readonly kind: "zones"; readonly zoneIds: readonly string[]; readonly requestId?: string }
  | { readonly kind: "request"; readonly requestId: string; readonly zoneId: string | null };

export type AuditSlice = {
  readonly rows: readonly ListedAuditEvent[];
  readonly examined: number;
  readonly last: { readonly occurredAt: string; readonly id: string } | null; // the last event looked at
};

const looked = `id, zone_id, event_type, request_id, decision, evaluation_status, policy_set_id, policy_set_version_id, occurred_at, ingested_at,
  chain_seq, determining_policies_json, metadata_json`;

/** What matches a filter, over audit_events' columns; its values are the parameters $6 to $14. */
export const matching = `($6::text IS NULL OR event_type = $6) AND ($7::text IS NULL OR decision = $7)
  AND ($8::text IS NULL OR evaluation_status = $8) AND ($9::text IS NULL OR policy_set_id = $9)
  AND ($10::text IS NULL OR policy_set_version_id = $10) AND ($11::text IS NULL OR request_id = $11)
  AND ($12::text IS NULL OR metadata_json->>'resource' = $12 OR metadata_json->'requested' ? $12)
  AND ($13::text IS NULL OR determining_policies_json @> jsonb_build_array(jsonb_build_object('policy', $13::text)))
  AND ($14::text IS NULL OR strpos(lower(metadata_json::text), lower($14)) > 0)`;

/** The nine values of `matching`. */
export const matchParams = (filter: AuditFilter, scope: AuditScope): readonly (string | null)[] => [
  filter.eventType ?? null,
  filter.decision ?? null,
  filter.evaluationStatus ?? null,
  filter.policySetId ?? null,
  filter.policySetVersionId ?? null,
  (scope.kind === "zones" ? scope.requestId : undefined) ?? null,
  filter.resource ?? null,
  filter.policy ?? null,
  filter.text ?? null,
];

const small = (column: string) =>
  `CASE WHEN $14::text IS NOT NULL OR pg_column_size(${column}) <= 8192 THEN ${column}::text END`;

/**
 * Looks at the next `slice` events of the scope in one direction and gives those that match, at most `most`. Per zone one scan of
 * (zone_id, occurred_at) over the window's partitions only; a request id is led by its own index.
 */
export async function readAuditSlice(
  tx: Queryable,
  scope: AuditScope,
  window: AuditWindow,
  filter: AuditFilter,
  place: {
    readonly direction: AuditDirection;
    readonly from: AuditKey | null;
    readonly slice: number;
    readonly most: number;
  },
): Promise<AuditSlice> {
  const { direction, from, slice, most } = place;
  const [way, sign] = direction === "older" ? ["DESC", "<"] : ["ASC", ">"];
  const order = `ORDER BY occurred_at ${way}, id ${way}`;
  const beyond = `occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz
    AND ($3::timestamptz IS NULL OR (occurred_at ${sign}= $3::timestamptz
         AND (occurred_at, id) ${sign}${from?.inclusive === true ? "=" : ""} ($3::timestamptz, $4::text)))`;
  const ofZones = `SELECT event.* FROM unnest($15::text[]) AS zone (id) CROSS JOIN LATERAL (
      SELECT ${looked} FROM audit_events WHERE zone_id = zone.id AND ${beyond} ${order} LIMIT $5::int) AS event`;
  const ofRequest = `SELECT * FROM (SELECT ${looked} FROM audit_events
      WHERE request_id = $15::text AND ${beyond} OFFSET 0) AS event WHERE $17::text IS NULL OR zone_id = $17`;
  const [source, named] =
    scope.kind === "zones" ? [ofZones, [scope.zoneIds, most]] : [ofRequest, [scope.requestId, most, scope.zoneId]];
  type Row = ListedAuditEvent & { examined: number; lastAt: string | null; lastId: string | null; matched: boolean };
  const rows = await tx.query<Row>(
    `WITH slice AS MATERIALIZED (${source} ${order} LIMIT $5::int),
     looked AS (SELECT count(*)::int AS examined FROM slice),
     furthest AS (SELECT id, ${exactInstantSql("occurred_at")} AS at FROM slice
       ORDER BY occurred_at ${way === "DESC" ? "ASC" : "DESC"}, id ${way === "DESC" ? "ASC" : "DESC"} LIMIT 1),
     hits AS (SELECT ${eventColumns}, ${small("metadata_json")} AS metadata, ${small("determining_policies_json")} AS "determiningPolicies",
         $14::text IS NULL AND greatest(pg_column_size(metadata_json), pg_column_size(determining_policies_json)) > 8192 AS large,
         occurred_at AS moment FROM slice WHERE ${matching} ${order} LIMIT $16::int)
     SELECT hits.*, looked.examined, furthest.at AS "lastAt", furthest.id AS "lastId", hits.id IS NOT NULL AS matched
     FROM looked LEFT JOIN furthest ON true LEFT JOIN hits ON true ORDER BY hits.moment ${way}, hits.id ${way}`,
    [
      window.since,
      window.until,
      from?.occurredAt ?? null,
      from?.id ?? null,
      slice,
      ...matchParams(filter, scope),
      ...named,
    ],
  );
  const first = rows[0];
  const last = first?.lastAt && first.lastId !== null ? { occurredAt: first.lastAt, id: first.lastId } : null;
  return {
    rows: rows.filter((row) => row.matched).map(({ examined: _e, lastAt: _a, lastId: _i, matched: _m, ...row }) => row),
    examined: first?.examined ?? 0,
    last,
  };
}
