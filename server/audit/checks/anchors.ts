import { createHash } from "node:crypto";
import type { Anchor } from "@/server/audit/verify/finding";
import { nextChainZones, readHeads } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Database, Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };

const everyMs = 10 * 60_000;
const zonesAtOnce = 200;
const mostOfZone = 500; // anchors that a check holds a zone against: the newest
const bounds = { timeoutMs: 5_000, narrow: "It is tried again." };

/**
 * Anchors the head of every zone's chain that has moved since: in this database, and by their digest on the console's record, whose own
 * heads are kept outside. Gives how many moved.
 */
export async function anchorHeads({ db, caracal }: Context): Promise<number> {
  let moved = 0;
  for (let after: string | null = null; ; ) {
    const zones: { id: string }[] = await boundedRead(caracal.db, bounds, (tx) =>
      nextChainZones(tx, after, zonesAtOnce),
    );
    const ids = zones.map(({ id }) => id);
    const heads = await boundedRead(caracal.db, bounds, (tx) => readHeads(tx, ids));
    moved += await db.transaction((tx) => keep(tx, heads));
    after = ids.at(-1) ?? null;
    if (zones.length < zonesAtOnce) return moved;
  }
}

type Head = Awaited<ReturnType<typeof readHeads>>[number];

async function keep(tx: Queryable, heads: readonly Head[]): Promise<number> {
  const fresh = await tx.query<{ zone_id: string; chain_seq: string; content_sha256: string }>(
    `INSERT INTO audit_anchors (zone_id, chain_seq, event_id, content_sha256)
     SELECT h->>'zone', (h->>'seq')::bigint, h->>'id', h->>'content' FROM json_array_elements($1::json) AS h
     ON CONFLICT DO NOTHING RETURNING zone_id, chain_seq::text, content_sha256`,
    [JSON.stringify(heads)],
  );
  if (fresh.length === 0) return 0;
  const lines = fresh
    .map(({ zone_id, chain_seq, content_sha256 }) => `${zone_id} ${chain_seq} ${content_sha256}`)
    .sort();
  const sha256 = createHash("sha256")
    .update(`${lines.join("\n")}\n`)
    .digest("hex");
  await appendEntries(tx, [
    {
      chain: consoleChain,
      kind: "evidence.heads-anchored",
      by: null,
      summary: `Heads of ${fresh.length} audit chains anchored; SHA-256 of their lines "zone seq content" ${sha256}`,
      details: { parameters: { sha256, heads: lines.slice(0, 50) } },
    },
  ]);
  return fresh.length;
}

/** The anchors of zones, by zone; of one seq the first that was kept. */
export async function anchorsOf(db: Queryable, zones: ReadonlySet<string>): Promise<Map<string, Anchor[]>> {
  const rows = await db.query<Anchor & { zone: string }>(
    `SELECT zone, seq, id, content, at FROM unnest($1::text[]) AS zone CROSS JOIN LATERAL (
       SELECT DISTINCT ON (chain_seq) chain_seq::float8 AS seq, event_id AS id, content_sha256 AS content, (extract(epoch FROM anchored_at) * 1000)::float8 AS at
         FROM (SELECT * FROM audit_anchors WHERE zone_id = zone ORDER BY chain_seq DESC LIMIT ${mostOfZone}) AS newest
        ORDER BY chain_seq, anchored_at) AS first`,
    [[...zones]],
  );
  const found = new Map<string, Anchor[]>();
  for (const { zone, ...anchor } of rows) found.set(zone, [...(found.get(zone) ?? []), anchor]);
  return found;
}

/** Anchors heads every ten minutes, whichever replica comes first: what is there already is not written again. */
export const createAnchorKeeper = (ctx: Context): Repeating =>
  repeat("anchoring audit heads", everyMs, () => anchorHeads(ctx).then(() => false));
