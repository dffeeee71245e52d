import { anchoringSha256 } from "@/server/audit/verify/anchoring";
import type { Anchor } from "@/server/audit/verify/finding";
import type { Actor } from "@/server/auth/roles";
import { keepBeginnings } from "@/server/audit/anchors/chain-beginnings";
import { nextChainZones } from "@/server/caracal/audit-chain-read";
import { type ChainEnd, partitionsOf, readHeads } from "@/server/caracal/audit-partitions-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { exactInstantSql } from "@/server/platform/exact-time";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

export type AnchorContext = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };

const zonesAtOnce = 200;
const mostOfZone = 500; // anchors that a check holds a zone against: the newest
const bounds = { timeoutMs: 5_000, narrow: "It is tried again." };

/**
 * Anchors the head of every zone's chain that has moved since, and keeps where it begins: in this database as one link of a chain of anchorings, and by its digest on
 * the console's record. `actor` null: by the schedule. Gives how many moved. @throws source_unreachable
 */
export async function anchorHeads({ db, caracal }: AnchorContext, actor: Actor | null): Promise<number> {
  let moved = 0;
  for (let after: string | null = null; ; ) {
    const zones: { id: string }[] = await boundedRead(caracal.db, bounds, (tx) =>
      nextChainZones(tx, after, zonesAtOnce),
    );
    const ids = zones.map(({ id }) => id);
    await keepBeginnings({ db, caracal }, ids);
    const heads = await boundedRead(caracal.db, bounds, async (tx) => {
      const partitions = await partitionsOf(tx);
      const isDefault = (name: string) => partitions.find((one) => one.name === name)?.from == null;
      return (await readHeads(tx, ids))
        .filter(({ content }) => content !== null)
        .map((head) => ({ ...head, inDefault: isDefault(head.partition) }));
    });
    moved += await db.transaction((tx) => keep(tx, heads, actor));
    after = ids.at(-1) ?? null;
    if (zones.length < zonesAtOnce) return moved;
  }
}

type Head = ChainEnd & { readonly inDefault: boolean };
type FreshHead = { zone_id: string; chain_seq: number; event_id: string; content_sha256: string };

async function keep(tx: Queryable, heads: readonly Head[], actor: Actor | null): Promise<number> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext('audit-anchorings'))"); // one link after the other
  const fresh = await tx.query<FreshHead>(
    `INSERT INTO audit_anchors (zone_id, chain_seq, event_id, content_sha256, occurred_at, in_default)
     SELECT h->>'zone', (h->>'seq')::bigint, h->>'id', h->>'content', (h->>'occurredAt')::timestamptz, (h->>'inDefault')::boolean FROM json_array_elements($1::json) AS h
     ON CONFLICT DO NOTHING RETURNING zone_id, chain_seq::float8 AS chain_seq, event_id, content_sha256`,
    [JSON.stringify(heads)],
  );
  if (fresh.length === 0) return 0;
  const [last] = await tx.query<{ n: number; sha256: string; now: string }>(
    `SELECT coalesce(max(n), 0)::float8 AS n, coalesce((SELECT sha256 FROM audit_anchorings ORDER BY n DESC LIMIT 1), repeat('0', 64)) AS sha256,
            ${exactInstantSql("clock_timestamp()")} AS now FROM audit_anchorings`,
  );
  const sorted = [...fresh].sort((a, b) => (a.zone_id < b.zone_id ? -1 : 1));
  const anchoring = {
    n: (last?.n ?? 0) + 1,
    at: last?.now ?? "",
    by: actor?.name ?? "the schedule",
    previous: last?.sha256 ?? "",
    heads: sorted,
  };
  const sha256 = anchoringSha256(anchoring);
  await tx.query(
    "INSERT INTO audit_anchorings (n, at, by_name, previous, heads, sha256) VALUES ($1, $2, $3, $4, $5, $6)",
    [anchoring.n, anchoring.at, anchoring.by, anchoring.previous, JSON.stringify(sorted), sha256],
  );
  await appendEntries(tx, [
    {
      chain: consoleChain,
      kind: "evidence.heads-anchored",
      by: actor,
      summary: `Heads of ${fresh.length} audit chains anchored as number ${anchoring.n}; its SHA-256 is ${sha256}`,
      details: { parameters: { n: anchoring.n, sha256, heads: sorted.slice(0, 50) } },
    },
  ]);
  return fresh.length;
}

const epochMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * The anchors of zones that were kept before a check began, by zone; of one seq the first: a later one may be of rows that it does not read.
 * The newest, and one of each hour of the first days of the oldest partition, whose late rows may have left holes (`keptFrom`, epoch ms).
 */
export async function anchorsOf(
  db: Queryable,
  zones: ReadonlySet<string>,
  checkId: string,
  keptFrom: number | undefined,
): Promise<Map<string, Anchor[]>> {
  const rows = await db.query<Omit<Anchor, "occurredAt" | "inDefault"> & Nullable & { zone: string }>(
    `SELECT zone, seq, id, content, at, "occurredAt", in_default AS "inDefault" FROM unnest($1::text[]) AS zone CROSS JOIN LATERAL (
       SELECT DISTINCT ON (chain_seq) chain_seq::float8 AS seq, event_id AS id, content_sha256 AS content, ${epochMs("anchored_at")} AS at,
              ${epochMs("occurred_at")} AS "occurredAt", in_default
         FROM ((SELECT * FROM audit_anchors WHERE zone_id = zone ORDER BY chain_seq DESC LIMIT ${mostOfZone})
               UNION ALL
               (SELECT DISTINCT ON (date_trunc('hour', anchored_at)) * FROM audit_anchors
                 WHERE zone_id = zone AND anchored_at >= to_timestamp($3::float8 / 1000) AND anchored_at < to_timestamp($3::float8 / 1000) + interval '8 days'
                 ORDER BY date_trunc('hour', anchored_at), anchored_at)) AS chosen
        WHERE anchored_at < (SELECT started_at FROM audit_checks WHERE id = $2)
        ORDER BY chain_seq, anchored_at) AS first`,
    [[...zones], checkId, keptFrom ?? null],
  );
  const found = new Map<string, Anchor[]>();
  for (const { zone, occurredAt, inDefault, ...anchor } of rows)
    found.set(zone, [
      ...(found.get(zone) ?? []),
      { ...anchor, occurredAt: occurredAt ?? undefined, inDefault: inDefault ?? undefined },
    ]);
  return found;
}
type Nullable = { readonly occurredAt: number | null; readonly inDefault: boolean | null };
