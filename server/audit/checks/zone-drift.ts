import type { Beat, CheckContext, CheckRow, ZoneRow } from "@/server/audit/checks/check-rows";
import type { HeardStream } from "@/server/audit/checks/hear-stream";
import { sealedBefore } from "@/server/audit/checks/checked-heads";
import { reading, rowsAtOnce } from "@/server/audit/checks/reading";
import { KeyDrift } from "@/server/audit/verify/key-drift";
import { type ChainPlace, readChainRows, readLastRows, readSeals } from "@/server/caracal/audit-chain-read";

const sample = 100; // rows at either end of a chain
const sealsAtOnce = rowsAtOnce * 5;

/** Where the rows that a check looks at begin and end; `first` null: at the chain's beginning. */
function endsOf({ scope }: CheckRow, { newest_seq: newest, from_seq: from, until_seq: to }: ZoneRow) {
  const first = from === null ? null : { seq: scope === "new" ? from + 1 : from, id: "" };
  return newest === null ? null : { first, until: Math.min(to ?? newest, newest) };
}

/** Looks for one right seal among all rows of a zone that seems to have another key: whoever blunts the ends must not silence the middle. */
async function lookThrough(ctx: CheckContext, drift: KeyDrift, check: CheckRow, zone: ZoneRow, beat: Beat) {
  const ends = endsOf(check, zone);
  let after: ChainPlace | undefined = ends?.first ?? { seq: Number.MIN_SAFE_INTEGER, id: "" };
  while (ends !== null && after !== undefined) {
    const from: ChainPlace = after;
    const page = await reading(ctx, (tx) =>
      readSeals(tx, zone.zone_id, { after: from, until: ends.until, limit: sealsAtOnce }),
    );
    if (drift.seals(zone.zone_id, page)) return;
    await beat.at("reading", 0);
    after = page.length < sealsAtOnce ? undefined : page.at(-1);
  }
}

type Drift = {
  readonly drifted: ReadonlySet<string>;
  readonly overwritten: ReadonlySet<string>; // not one seal is right, and an earlier check found right ones under the same key
  readonly sealedSince: number | null; // see Sealing: of what is new, always, once an earlier check found right seals
  readonly undecided: ReadonlySet<string>; // of the rows that are new there is one, and its seal fails: one alone tells nothing
};

/**
 * Tells zones that another key seems to have sealed (trap 18): it looks so by the rows at both ends of their chains, and not one seal
 * between them is right. Nobody who overwrites every seal of a zone gets that reading once its seals were found right.
 */
export async function driftOf(
  ctx: CheckContext,
  check: CheckRow,
  zones: readonly ZoneRow[],
  heard: HeardStream | null,
  beat: Beat,
): Promise<Drift> {
  if (ctx.auditKey === null)
    return { drifted: new Set(), overwritten: new Set(), undecided: new Set(), sealedSince: null };
  const drift = new KeyDrift(ctx.auditKey);
  for (const zone of heard?.signed ?? []) drift.signed(zone);
  for (const zone of zones) {
    const { zone_id: id } = zone;
    const ends = endsOf(check, zone);
    if (ends === null) continue;
    const { first, until } = ends;
    const rows = await reading(ctx, async (tx) => [
      ...(await readChainRows(tx, id, first, sample, until)),
      ...(await readLastRows(tx, id, until, sample)).filter(({ chain_seq }) => (chain_seq ?? 0) >= (first?.seq ?? 0)),
    ]);
    for (const row of new Map(rows.map((one) => [one.id, one])).values()) drift.row(row);
  }
  const withRows = zones.filter(({ newest_seq }) => newest_seq !== null).map(({ zone_id: id }) => id);
  const known = await sealedBefore(ctx.db, withRows, ctx.auditKey);
  const before = check.scope === "full" ? known : new Set<string>();
  const lost = () => new Set([...before].filter((id) => !drift.holds(id)));
  const seeming = new Set([...drift.drifted(), ...lost()]);
  for (const zone of zones) if (seeming.has(zone.zone_id)) await lookThrough(ctx, drift, check, zone, beat);
  const overwritten = lost();
  const drifted = new Set([...drift.drifted()].filter((id) => !overwritten.has(id)));
  const held = check.scope === "new" ? zones.filter(({ zone_id: id }) => drift.undecided(id) && !drifted.has(id)) : [];
  const sealedSince = check.scope === "new" && known.size > 0 ? 0 : drift.sealedSince();
  return { drifted, overwritten, undecided: new Set(held.map(({ zone_id: id }) => id)), sealedSince };
}
