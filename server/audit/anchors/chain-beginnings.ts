import type { Beginning } from "@/server/audit/verify/late-beginning";
import {
  type ChainEnd,
  oldestOf,
  partitionsOf,
  readBeginnings,
  readBeginningsIn,
} from "@/server/caracal/audit-partitions-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import type { Database, Queryable } from "@/server/platform/postgres";

const bounds = { timeoutMs: 5_000, narrow: "It is tried again." };

type Known = {
  readonly zone: string;
  readonly partition: string;
  readonly keptFrom: number;
  readonly seq: number;
};

/**
 * Keeps where the chains of zones begin, as a whole and in each partition, unless it is known: a beginning that is missing later went with
 * retention only if its partition did. At most 200 zones at once. @throws source_unreachable
 */
export async function keepBeginnings(
  { db, caracal }: { readonly db: Database; readonly caracal: Pick<Deployment, "db"> },
  zones: readonly string[],
): Promise<void> {
  if (zones.length === 0) return;
  const known = await db.query<Known>(
    `SELECT zone_id AS zone, partition, (extract(epoch FROM kept_from) * 1000)::float8 AS "keptFrom", min(chain_seq)::float8 AS seq
       FROM audit_chain_beginnings WHERE zone_id = ANY ($1) GROUP BY zone_id, partition, kept_from`,
    [zones],
  );
  const { partitions, begun } = await boundedRead(caracal.db, bounds, async (tx) => {
    const all = await partitionsOf(tx);
    const found: ChainEnd[] = await readBeginnings(tx, zones);
    for (const { name, from, to } of all) {
      const without = zones.filter((id) => !known.some(({ zone, partition }) => zone === id && partition === name));
      if (from !== null && to !== null && without.length > 0)
        found.push(...(await readBeginningsIn(tx, without, from, to)));
    }
    return { partitions: all, begun: found };
  });
  const keptFrom = oldestOf(partitions) ?? Number.NEGATIVE_INFINITY;
  const isNew = ({ zone, seq }: ChainEnd) =>
    !known.some((one) => one.zone === zone && one.keptFrom === keptFrom && one.seq <= seq);
  const first = (one: ChainEnd) =>
    !known.some(({ zone, partition }) => zone === one.zone && partition === one.partition);
  const fresh = begun.filter((one) => first(one) || isNew(one));
  if (fresh.length === 0) return;
  const ranged = new Set(partitions.filter(({ from }) => from !== null).map(({ name }) => name));
  await db.query(
    `INSERT INTO audit_chain_beginnings (zone_id, chain_seq, event_id, occurred_at, partition, in_default, kept_from)
     SELECT b->>'zone', (b->>'seq')::bigint, b->>'id', (b->>'occurredAt')::timestamptz, b->>'partition', (b->>'inDefault')::boolean, $2
       FROM json_array_elements($1::json) AS b ON CONFLICT DO NOTHING`,
    [
      JSON.stringify(fresh.map((one) => ({ ...one, inDefault: !ranged.has(one.partition) }))),
      Number.isFinite(keptFrom) ? new Date(keptFrom).toISOString() : "-infinity",
    ],
  );
}

/** Where the chains of zones began when this console looked before a check was begun, by zone. */
export async function beginningsOf(
  db: Queryable,
  zones: readonly string[],
  checkId: string,
): Promise<ReadonlyMap<string, readonly Beginning[]>> {
  const rows = await db.query<Beginning & { zone: string }>(
    `SELECT zone_id AS zone, chain_seq::float8 AS seq, event_id AS id, (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAt",
            in_default AS "inDefault", (extract(epoch FROM kept_from) * 1000)::float8 AS "keptFrom" FROM audit_chain_beginnings
      WHERE zone_id = ANY ($1) AND seen_at < (SELECT started_at FROM audit_checks WHERE id = $2)`,
    [zones, checkId],
  );
  const found = new Map<string, Beginning[]>();
  for (const { zone, ...one } of rows) found.set(zone, [...(found.get(zone) ?? []), one]);
  return found;
}
