import type { CheckContext, CheckRow, ZoneRow } from "@/server/audit/checks/check-rows";
import type { HeardStream } from "@/server/audit/checks/hear-stream";
import { reading } from "@/server/audit/checks/reading";
import { KeyDrift } from "@/server/audit/verify/key-drift";
import { readChainRows, readLastRows } from "@/server/caracal/audit-chain-read";

const sample = 100; // rows at either end of a chain

/**
 * Tells zones that another key sealed (trap 18) by the rows at both ends of their chains. `undecided`: of the rows that are new there is
 * one, and its seal fails: one alone cannot tell another key from an attack.
 */
export async function driftOf(
  ctx: CheckContext,
  check: CheckRow,
  zones: readonly ZoneRow[],
  heard: HeardStream | null,
): Promise<{ readonly drifted: ReadonlySet<string>; readonly undecided: ReadonlySet<string> }> {
  if (ctx.auditKey === null) return { drifted: new Set(), undecided: new Set() };
  const drift = new KeyDrift(ctx.auditKey);
  for (const zone of heard?.signed ?? []) drift.signed(zone);
  for (const { zone_id: id, newest_seq: newest, from_seq: from, until_seq: to } of zones) {
    if (newest === null) continue;
    const until = Math.min(to ?? newest, newest);
    const first = from === null ? null : { seq: check.scope === "new" ? from + 1 : from, id: "" };
    const rows = await reading(ctx, async (tx) => [
      ...(await readChainRows(tx, id, first, sample, until)),
      ...(await readLastRows(tx, id, until, sample)).filter(({ chain_seq }) => (chain_seq ?? 0) >= (first?.seq ?? 0)),
    ]);
    for (const row of new Map(rows.map((one) => [one.id, one])).values()) drift.row(row);
  }
  const drifted = drift.drifted();
  const held = check.scope === "new" ? zones.filter(({ zone_id: id }) => drift.undecided(id) && !drifted.has(id)) : [];
  return { drifted, undecided: new Set(held.map(({ zone_id: id }) => id)) };
}
