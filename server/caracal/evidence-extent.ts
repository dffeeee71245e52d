import { partitionsOf } from "@/server/caracal/audit-partitions-read";
import type { RowScope } from "@/server/caracal/evidence-snapshot";
import type { Queryable } from "@/server/platform/postgres";

export type Extent = { readonly rows: number; readonly bytes: number };
type Relation = Extent & { readonly name: string };

const none: Extent = { rows: 0, bytes: 0 };
const sumOf = (list: readonly Extent[]): Extent =>
  list.reduce((sum, one) => ({ rows: sum.rows + one.rows, bytes: sum.bytes + one.bytes }), none);

/** Rows and bytes of tables as the last ANALYZE left them; nothing is counted. */
const relations = (db: Queryable, names: readonly string[]): Promise<Relation[]> =>
  db.query<Relation>(
    `SELECT relname AS name, greatest(reltuples, 0)::float8 AS rows, (relpages::float8 * current_setting('block_size')::int) AS bytes
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1)`,
    [names],
  );

/** How much of a partition lies in a window, by time; one without bounds counts whole. */
function share(bounds: { from: string | null; to: string | null }, { from, to }: RowScope): number {
  if (bounds.from === null || bounds.to === null) return 1;
  const [start, end] = [Date.parse(bounds.from), Date.parse(bounds.to)];
  const first = Math.max(start, from === null ? start : Date.parse(from));
  const last = Math.min(end, to === null ? end : Date.parse(to));
  return Math.max(0, last - first) / (end - start);
}

/** Rows of one zone in a window: the chain counts its rows, so its seq at either end tells, by two looks into the index. */
async function rowsOfZone(db: Queryable, zoneId: string, { from, to }: RowScope): Promise<number> {
  const [row] = await db.query<{ rows: number | null }>(
    `SELECT ((SELECT chain_seq FROM audit_events WHERE zone_id = $1 AND ($3::timestamptz IS NULL OR occurred_at < $3) ORDER BY occurred_at DESC LIMIT 1)
           - (SELECT chain_seq FROM audit_events WHERE zone_id = $1 AND ($2::timestamptz IS NULL OR occurred_at >= $2) ORDER BY occurred_at LIMIT 1) + 1)::float8 AS rows`,
    [zoneId, from, to],
  );
  return Math.max(0, row?.rows ?? 0);
}

/** About how many audit rows a scope has, and how many bytes they take in the table. */
export async function auditExtent(db: Queryable, scope: RowScope): Promise<Extent> {
  const partitions = await partitionsOf(db);
  const sizes = new Map(
    (
      await relations(
        db,
        partitions.map(({ name }) => name),
      )
    ).map((one) => [one.name, one]),
  );
  const wanted = partitions.filter(({ name }) => scope.partition === null || scope.partition === name);
  const all = sumOf(
    wanted.map((partition) => {
      const { rows, bytes } = sizes.get(partition.name) ?? none;
      const part = share(partition, scope);
      return { rows: rows * part, bytes: bytes * part };
    }),
  );
  if (scope.zoneId === null) return { rows: Math.round(all.rows), bytes: Math.round(all.bytes) };
  const rows = await rowsOfZone(db, scope.zoneId, scope);
  return { rows, bytes: all.rows === 0 ? 0 : Math.round((rows * all.bytes) / all.rows) };
}

/** About how many rows other tables have, whole. */
export const tableExtent = async (db: Queryable, names: readonly string[]): Promise<Extent> =>
  sumOf(await relations(db, names));
