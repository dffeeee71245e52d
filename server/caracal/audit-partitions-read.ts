import { exactInstantSql } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

export type Partition = { readonly name: string; readonly from: string | null; readonly to: string | null };

/** The partitions of audit_events, newest first, with the bounds of their times; the default one has none. */
export async function partitionsOf(db: Queryable): Promise<Partition[]> {
  const rows = await db.query<{ name: string; bound: string }>(
    `SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'public.audit_events'::regclass ORDER BY c.relname DESC LIMIT 500`,
  );
  return rows.map(({ name, bound }) => {
    const parts = /^FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)$/.exec(bound);
    const utc = (text: string | undefined) =>
      text === undefined ? null : new Date(text.replace(/([+-]\d\d)$/, "$1:00")).toISOString();
    return { name, from: utc(parts?.[1]), to: utc(parts?.[2]) };
  });
}

/** Where the oldest of these begins, epoch ms; undefined: there is none beside the default one. What is older went with retention. */
export const oldestOf = (partitions: readonly Partition[]): number | undefined =>
  partitions.reduce<number | undefined>((oldest, { from }) => {
    const at = from === null ? undefined : Date.parse(from);
    return at !== undefined && (oldest === undefined || at < oldest) ? at : oldest;
  }, undefined);

/** Where the oldest partition begins now. */
export const oldestPartition = (tx: Queryable): Promise<number | undefined> => partitionsOf(tx).then(oldestOf);

const timeAndPlace = `${exactInstantSql("occurred_at")} AS "occurredAt", (SELECT relname FROM pg_class WHERE oid = audit_events.tableoid) AS partition`;

/** A row at an end of a zone's chain, and the partition that it lies in. */
export type ChainEnd = {
  readonly zone: string;
  readonly seq: number;
  readonly id: string;
  readonly content: string | null;
  readonly occurredAt: string;
  readonly partition: string;
};

const endOf = (order: "ASC" | "DESC", within: string) =>
  `SELECT z.id AS zone, e.* FROM unnest($1::text[]) AS z (id) CROSS JOIN LATERAL (
     SELECT chain_seq::float8 AS seq, id, content_sha256 AS content, ${timeAndPlace} FROM audit_events
      WHERE zone_id = z.id AND chain_seq IS NOT NULL${within} ORDER BY audit_events.chain_seq ${order} LIMIT 1) AS e`;

/** The head of each zone's chain, over the index (zone_id, chain_seq); zones without rows are left out. */
export const readHeads = (tx: Queryable, zoneIds: readonly string[]): Promise<ChainEnd[]> =>
  tx.query<ChainEnd>(endOf("DESC", ""), [zoneIds]);

/** The oldest row of each zone's chain in all partitions. */
export const readBeginnings = (tx: Queryable, zoneIds: readonly string[]): Promise<ChainEnd[]> =>
  tx.query<ChainEnd>(endOf("ASC", ""), [zoneIds]);

/** The oldest row of each zone's chain that occurred between two times, the bounds of a partition: only that one is read. */
export const readBeginningsIn = (
  tx: Queryable,
  zoneIds: readonly string[],
  from: string,
  to: string,
): Promise<ChainEnd[]> =>
  tx.query<ChainEnd>(endOf("ASC", " AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz"), [
    zoneIds,
    from,
    to,
  ]);
