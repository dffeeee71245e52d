import { anchoringSha256 } from "@/server/audit/verify/anchoring";
import type { Anchor } from "@/server/audit/verify/finding";
import type { Actor } from "@/server/auth/roles";
import { nextChainZones, readHeads } from "@/server/caracal/audit-chain-read";
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
 * Anchors the head of every zone's chain that has moved since: in this database as one link of a chain of anchorings, and by its digest on
 * the console's record. `actor` null: by the schedule. Gives how many moved. @throws source_unreachable
 */
export async function anchorHeads({ db, caracal }: AnchorContext, actor: Actor | null): Promise<number> {
  let moved = 0;
  for (let after: string | null = null; ; ) {
    const zones: { id: string }[] = await boundedRead(caracal.db, bounds, (tx) =>
      nextChainZones(tx, after, zonesAtOnce),
    );
    const ids = zones.map(({ id }) => id);
    const heads = await boundedRead(caracal.db, bounds, (tx) => readHeads(tx, ids));
    moved += await db.transaction((tx) => keep(tx, heads, actor));
    after = ids.at(-1) ?? null;
    if (zones.length < zonesAtOnce) return moved;
  }
}

type Head = Awaited<ReturnType<typeof readHeads>>[number];
type FreshHead = { zone_id: string; chain_seq: number; event_id: string; content_sha256: string };

async function keep(tx: Queryable, heads: readonly Head[], actor: Actor | null): Promise<number> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext('audit-anchorings'))"); // one link after the other
  const fresh = await tx.query<FreshHead>(
    `INSERT INTO audit_anchors (zone_id, chain_seq, event_id, content_sha256)
     SELECT h->>'zone', (h->>'seq')::bigint, h->>'id', h->>'content' FROM json_array_elements($1::json) AS h
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

/** The anchors of zones that were kept before a check began, by zone; of one seq the first: a later one may be of rows that it does not read. */
export async function anchorsOf(
  db: Queryable,
  zones: ReadonlySet<string>,
  checkId: string,
): Promise<Map<string, Anchor[]>> {
  const rows = await db.query<Anchor & { zone: string }>(
    `SELECT zone, seq, id, content, at FROM unnest($1::text[]) AS zone CROSS JOIN LATERAL (
       SELECT DISTINCT ON (chain_seq) chain_seq::float8 AS seq, event_id AS id, content_sha256 AS content, (extract(epoch FROM anchored_at) * 1000)::float8 AS at
         FROM (SELECT * FROM audit_anchors WHERE zone_id = zone AND anchored_at < (SELECT started_at FROM audit_checks WHERE id = $2)
                ORDER BY chain_seq DESC LIMIT ${mostOfZone}) AS newest
        ORDER BY chain_seq, anchored_at) AS first`,
    [[...zones], checkId],
  );
  const found = new Map<string, Anchor[]>();
  for (const { zone, ...anchor } of rows) found.set(zone, [...(found.get(zone) ?? []), anchor]);
  return found;
}
