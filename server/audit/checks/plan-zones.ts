import type { CheckContext, CheckRow } from "@/server/audit/checks/check-rows";
import { reading } from "@/server/audit/checks/reading";
import { keepBeginnings } from "@/server/audit/anchors/chain-beginnings";
import { nextChainZones, nextKnownZones, readEnds, seqsOfWindow, zoneNames } from "@/server/caracal/audit-chain-read";
import type { Queryable } from "@/server/platform/postgres";

const zonesAtOnce = 200;

type Planned = {
  readonly zone: string;
  readonly name: string | null;
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly from: number | null;
  readonly until: number | null;
};
type Head = { readonly zone: string; readonly seq: number; readonly held: boolean };

async function* pagesOf(
  next: (tx: Queryable, after: string | null, limit: number) => Promise<readonly { id: string }[]>,
  ctx: CheckContext,
): AsyncGenerator<readonly string[]> {
  for (let after: string | null = null; ; ) {
    const page: readonly { id: string }[] = await reading(ctx, (tx) => next(tx, after, zonesAtOnce));
    if (page.length > 0) yield page.map(({ id }) => id);
    after = page.at(-1)?.id ?? null;
    if (page.length < zonesAtOnce) return;
  }
}

/** Zones that have rows, that Caracal knows, or that had rows when their heads were kept: an emptied chain is one too. */
async function everyZone(ctx: CheckContext): Promise<readonly string[]> {
  const zones = new Set<string>();
  for await (const page of pagesOf(nextChainZones, ctx)) for (const id of page) zones.add(id);
  for await (const page of pagesOf(nextKnownZones, ctx)) for (const id of page) zones.add(id);
  const kept = await ctx.db.query<{ id: string }>(
    "SELECT DISTINCT zone_id AS id FROM audit_anchors UNION SELECT zone_id FROM audit_checked_heads",
  );
  for (const { id } of kept) zones.add(id);
  return [...zones].sort();
}

const isSeq = (text: string) => /^\d{1,15}$/.test(text);

/** What of a zone a check looks at; null: nothing of it. */
async function scopeIn(
  ctx: CheckContext,
  check: CheckRow,
  zone: string,
  newest: number | null,
  head: Head | undefined,
): Promise<{ from: number | null; until: number | null } | null> {
  if (check.scope === "full") return { from: null, until: null };
  if (check.scope === "new") {
    if (head === undefined) return newest === null ? null : { from: null, until: null };
    return head.held || head.seq === newest ? null : { from: head.seq, until: null };
  }
  const [from, to] = [check.window_from ?? "0", check.window_to ?? ""];
  if (isSeq(from)) return { from: Number(from), until: isSeq(to) ? Number(to) : null };
  const seqs = await reading(ctx, (tx) => seqsOfWindow(tx, zone, { from, to: to === "" ? "infinity" : to }));
  return seqs === null ? null : { from: seqs.from, until: seqs.to };
}

/** Writes down which zones a check looks at, from which seq to which, unless that was done before. */
export async function planZones(ctx: CheckContext, check: CheckRow): Promise<void> {
  const [known] = await ctx.db.query("SELECT FROM audit_check_zones WHERE check_id = $1 LIMIT 1", [check.id]);
  if (known !== undefined) return;
  const zones = check.zone_id === null ? await everyZone(ctx) : [check.zone_id];
  const heads = await ctx.db.query<Head>(
    "SELECT zone_id AS zone, chain_seq::float8 AS seq, held FROM audit_checked_heads",
  );
  const headOf = new Map(heads.map((head) => [head.zone, head]));
  const planned: Planned[] = [];
  for (let at = 0; at < zones.length; at += zonesAtOnce) {
    const some = zones.slice(at, at + zonesAtOnce);
    if (check.scope === "full") await keepBeginnings(ctx, some);
    const ends = await reading(ctx, (tx) => readEnds(tx, some));
    const names = await reading(ctx, (tx) => zoneNames(tx, some));
    for (const zone of some) {
      const { oldest = null, newest = null } = ends.find((one) => one.zone === zone) ?? {};
      const scope = await scopeIn(ctx, check, zone, newest, headOf.get(zone));
      if (scope !== null) planned.push({ zone, name: names.get(zone) ?? null, oldest, newest, ...scope });
    }
  }
  await ctx.db.query(
    `INSERT INTO audit_check_zones (check_id, zone_id, zone_name, oldest_seq, newest_seq, from_seq, until_seq)
     SELECT $1, z.zone, z.name, z.oldest, z.newest, z."from", z."until"
       FROM json_to_recordset($2::json) AS z (zone text, name text, oldest bigint, newest bigint, "from" bigint, "until" bigint) ON CONFLICT DO NOTHING`,
    [check.id, JSON.stringify(planned)],
  );
}
