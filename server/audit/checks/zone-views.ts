import type { z } from "zod";
import { neededForFinding } from "@/server/audit/checks/attacker";
import { reading } from "@/server/audit/checks/reading";
import {
  type BarPiece,
  type barInput,
  type checkZonesInput,
  type CheckedZone,
  checkZonesShown,
  type PieceState,
  type findingPlaceInput,
  type ZoneBar,
  type ZoneInCheck,
  type zonesInput,
} from "@/server/audit/checks/schemas";
import type { Trouble } from "@/server/audit/checks/troubles";
import type { FindingKind } from "@/server/audit/verify/judge-row";
import { nextChainZones, placeOfEvent, readEnds, zoneNames } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db"> };
type Call<Input extends z.ZodType> = { ctx: Context; input: z.output<Input> };

const missing: ReadonlySet<FindingKind> = new Set(["row_deleted", "tail_truncated", "retention_gap"]);
const stateOf = (finding: FindingKind): PieceState =>
  finding === "not_provable" || finding === "key_drift"
    ? "not provable"
    : finding === "retention_gap"
      ? "retention"
      : missing.has(finding)
        ? "missing"
        : "tampered";
const worst: readonly PieceState[] = ["missing", "tampered", "not provable", "retention"];

/** The checks whose findings stand for a zone now: the last of its whole chain, and one of newer rows that found something since. */
const standingSql = `SELECT full_check_id AS id FROM audit_checked_heads WHERE zone_id = $1 AND full_check_id IS NOT NULL
  UNION SELECT check_id FROM audit_troubles WHERE zone_id = $1 AND superseded_by IS NULL`;

/** Zones that have an audit chain, by id: from where to where it is, up to where it was checked, and its first bad row. @throws source_unreachable */
export async function listCheckedZones({
  ctx,
  input: { cursor, limit },
}: Call<typeof zonesInput>): Promise<{ readonly rows: readonly CheckedZone[]; readonly nextCursor: string | null }> {
  const page = await reading(ctx, (tx) => nextChainZones(tx, cursor ?? null, limit));
  const ids = page.map(({ id }) => id);
  const emptied = cursor == null ? await emptiedZones(ctx) : [];
  const [ends, names] = [await reading(ctx, (tx) => readEnds(tx, ids)), await reading(ctx, (tx) => zoneNames(tx, ids))];
  const known = await ctx.db.query<{
    zone: string;
    to: number;
    at: Date;
    full: string | null;
    from: number | null;
    fullAt: Date | null;
    verifier: string | null;
  }>(
    `SELECT h.zone_id AS zone, h.chain_seq::float8 AS to, h.checked_at AS at, h.full_check_id AS full, z.oldest_seq::float8 AS from,
            c.started_at AS "fullAt", c.verifier
       FROM audit_checked_heads h LEFT JOIN audit_check_zones z ON z.check_id = h.full_check_id AND z.zone_id = h.zone_id
       LEFT JOIN audit_checks c ON c.id = h.full_check_id WHERE h.zone_id = ANY ($1)`,
    [ids],
  );
  const bad = await ctx.db.query<{ zone: string; seq: number | null }>(
    "SELECT zone_id AS zone, first_seq::float8 AS seq FROM audit_troubles WHERE superseded_by IS NULL AND zone_id = ANY ($1)",
    [ids],
  );
  const headOf = new Map(known.map((one) => [one.zone, one]));
  const rows = ends.map(({ zone, oldest, newest }): CheckedZone => {
    const head = headOf.get(zone);
    const trouble = bad.find((one) => one.zone === zone);
    return {
      zone: { id: zone, name: names.get(zone) ?? zone, known: names.has(zone) },
      oldest,
      newest,
      checkedFrom: head?.full == null ? null : (head.from ?? oldest),
      checkedTo: head?.to ?? null,
      checkedAt: head?.at.toISOString() ?? null,
      behind: head === undefined ? newest - oldest + 1 : Math.max(0, newest - head.to),
      fullCheck:
        head?.full == null
          ? null
          : { id: head.full, at: head.fullAt?.toISOString() ?? "", verifier: head.verifier ?? "" },
      whole: trouble === undefined,
      firstBad: trouble?.seq ?? null,
    };
  });
  rows.unshift(...emptied);
  return { rows, nextCursor: page.length < limit ? null : (ids.at(-1) ?? null) };
}

/** Zones whose chain a check has seen and of which no row is left: not whole, unless one since then found that all went by retention. */
async function emptiedZones(ctx: Context): Promise<CheckedZone[]> {
  const heads = await ctx.db.query<{ zone: string; seq: number; at: Date; whole: boolean; bad: number | null }>(
    `SELECT h.zone_id AS zone, h.chain_seq::float8 AS seq, h.checked_at AS at, h.held AND t.zone_id IS NULL AS whole, t.first_seq::float8 AS bad
       FROM audit_checked_heads h LEFT JOIN audit_troubles t ON t.zone_id = h.zone_id AND t.superseded_by IS NULL ORDER BY h.zone_id LIMIT 500`,
  );
  const ids = heads.map(({ zone }) => zone);
  const there = new Set((await reading(ctx, (tx) => readEnds(tx, ids))).map(({ zone }) => zone));
  const gone = heads.filter(({ zone }) => !there.has(zone));
  const names = await reading(ctx, (tx) =>
    zoneNames(
      tx,
      gone.map(({ zone }) => zone),
    ),
  );
  return gone.map(({ zone, seq, at, whole, bad }) => ({
    zone: { id: zone, name: names.get(zone) ?? zone, known: names.has(zone) },
    oldest: 1,
    newest: seq,
    checkedFrom: null,
    checkedTo: seq,
    checkedAt: at.toISOString(),
    behind: 0,
    fullCheck: null,
    whole,
    firstBad: bad,
  }));
}

/** A zone's chain from one seq to another in pieces of equal length, each with the worst that stands in it. @throws not_found, source_unreachable */
export async function getZoneBar({ ctx, input }: Call<typeof barInput>): Promise<ZoneBar> {
  const { zoneId, pieces } = input;
  const [ends] = await reading(ctx, (tx) => readEnds(tx, [zoneId]));
  const [head] = await ctx.db.query<{ to: number; from: number | null }>(
    `SELECT h.chain_seq::float8 AS to, z.oldest_seq::float8 AS from FROM audit_checked_heads h
       LEFT JOIN audit_check_zones z ON z.check_id = h.full_check_id AND z.zone_id = h.zone_id WHERE h.zone_id = $1`,
    [zoneId],
  );
  const [beyond] = await ctx.db.query<{ seq: number | null }>(
    `SELECT max(chain_seq)::float8 AS seq FROM audit_findings WHERE zone_id = $1 AND check_id IN (${standingSql})`,
    [zoneId],
  );
  if (ends === undefined && head === undefined)
    throw new DomainError("not_found", "This zone has no audit events, and had none that a check has seen.");
  const first = Math.min(ends?.oldest ?? 1, head?.from ?? Number.MAX_SAFE_INTEGER);
  const last = Math.max(ends?.newest ?? 0, head?.to ?? 0, beyond?.seq ?? 0);
  const from = Math.max(first, input.from ?? first);
  const to = Math.max(from, Math.min(last, input.to ?? last));
  const width = Math.max(1, Math.ceil((to - from + 1) / pieces));
  const found = await ctx.db.query<{
    piece: number;
    finding: FindingKind;
    rows: number;
    first: number;
    checkId: string;
  }>(
    `SELECT floor((chain_seq - $2) / $4)::int AS piece, finding, count(*)::float8 AS rows, min(chain_seq)::float8 AS first, min(check_id::text) AS "checkId"
       FROM audit_findings WHERE zone_id = $1 AND check_id IN (${standingSql}) AND chain_seq BETWEEN $2 AND $3 GROUP BY 1, 2`,
    [zoneId, from, to, width],
  );
  const bar: BarPiece[] = [];
  for (let piece = 0; from + piece * width <= to; piece += 1) {
    const [start, end] = [from + piece * width, Math.min(to, from + (piece + 1) * width - 1)];
    const here = found.filter((one) => one.piece === piece);
    const state =
      worst.find((kind) => here.some(({ finding }) => stateOf(finding) === kind)) ??
      (head === undefined || start > head.to || end < (head.from ?? head.to) ? "not yet checked" : "proved");
    bar.push({ from: start, to: end, state, bad: here.reduce((sum, { rows }) => sum + rows, 0) });
  }
  const [firstBad] = await ctx.db.query<{ seq: number; checkId: string; n: number }>(
    `SELECT chain_seq::float8 AS seq, check_id AS "checkId", n FROM audit_findings
      WHERE zone_id = $1 AND check_id IN (${standingSql}) AND finding NOT IN ('not_provable', 'retention_gap', 'key_drift') AND chain_seq IS NOT NULL
      ORDER BY chain_seq LIMIT 1`,
    [zoneId],
  );
  return { from, to, first, last, pieces: bar, firstBad: firstBad ?? null };
}

/** What a check found in each zone: first bad row, extent, when those rows were ingested, and what it took. */
export async function listCheckZones({
  ctx: { db },
  input: { checkId },
}: {
  ctx: Pick<Context, "db">;
  input: z.output<typeof checkZonesInput>;
}): Promise<readonly ZoneInCheck[]> {
  const rows = await db.query<Omit<ZoneInCheck, "trouble"> & { trouble: Trouble | null }>(
    `SELECT zone_id AS "zoneId", coalesce(zone_name, zone_id) AS name, zone_name IS NOT NULL AS known, state, coalesce(from_seq, oldest_seq)::float8 AS "from",
            least(until_seq, newest_seq)::float8 AS "to", judged::float8 AS judged, totals, trouble FROM audit_check_zones
      WHERE check_id = $1 ORDER BY (trouble->'first'->>'seq') IS NULL, zone_id LIMIT ${checkZonesShown}`,
    [checkId],
  );
  return rows.map(({ trouble, ...row }) => {
    const first = trouble?.first ?? null;
    return {
      ...row,
      trouble:
        trouble === null || first === null
          ? null
          : {
              first,
              lastSeq: trouble.lastSeq,
              ingestedFrom: trouble.ingestedFrom,
              ingestedTo: trouble.ingestedTo,
              needed: trouble.key ? "key" : neededForFinding[first.finding],
            },
    };
  });
}

/** When the row of a finding occurred, so that its event can be opened. @throws not_found when there is no such row any more */
export async function findingPlace({
  ctx,
  input,
}: Call<typeof findingPlaceInput>): Promise<{ readonly id: string; readonly occurredAt: string }> {
  const place = await reading(ctx, (tx) => placeOfEvent(tx, input.eventId));
  if (place === null)
    throw new DomainError("not_found", "The row is not in audit_events. Its signed copy may still be in the stream.");
  return place;
}
