import { type CheckContext, type CheckRow, Ended } from "@/server/audit/checks/check-rows";
import { keepHeads, orderWholeChains } from "@/server/audit/checks/checked-heads";
import type { CheckTotals, CheckWitnesses } from "@/server/audit/checks/schemas";
import type { CarriedFinding } from "@/server/audit/checks/carried-findings";
import { keepFindings } from "@/server/audit/checks/keep-findings";
import { countTrouble, isWhole, keepTroubles, noTrouble, type Trouble } from "@/server/audit/checks/troubles";
import { verifierVersion } from "@/server/audit/checks/verifier-version";
import { countFinding, noTotals, removedKinds } from "@/server/audit/verify/finding";
import type { Queryable } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Zone = {
  readonly zone: string;
  readonly name: string | null;
  readonly totals: CheckTotals | null;
  readonly trouble: Trouble | null;
};

const what = ({ scope, zone_name: name }: CheckRow): string =>
  `${scope === "window" ? "A window of the" : scope === "new" ? "What is new in the" : "The"} audit chain of ${name === null ? "every zone" : `zone ${name}`}`;

/** Counts and keeps what is carried over from earlier checks, zone by zone. */
async function carryOver(
  tx: Queryable,
  checkId: string,
  zones: Zone[],
  { carried, found }: { readonly carried: readonly CarriedFinding[]; readonly found: number },
): Promise<void> {
  for (const [at, zone] of zones.entries()) {
    const own = carried.filter(({ zone_id: id }) => id === zone.zone);
    if (own.length === 0) continue;
    const totals = { ...(zone.totals ?? noTotals()) };
    const trouble = { ...(zone.trouble ?? noTrouble()) };
    for (const one of own) {
      countFinding(totals, one.finding);
      if (!removedKinds.has(one.finding)) totals.proved -= 1;
      countTrouble(trouble, one, { before: null, at: null });
    }
    zones[at] = { ...zone, totals, trouble };
    await tx.query("UPDATE audit_check_zones SET totals = $3, trouble = $4 WHERE check_id = $1 AND zone_id = $2", [
      checkId,
      zone.zone,
      JSON.stringify(totals),
      JSON.stringify(trouble),
    ]);
  }
  await keepFindings(tx, checkId, found, carried);
}

/** Ends a check: totals, what is wrong now, the heads that the next one goes on from, and the record, in one transaction. @throws Ended */
export async function finishCheck(
  { db, holder, auditKey }: CheckContext,
  check: CheckRow,
  result: {
    readonly witnesses: CheckWitnesses;
    readonly streamTo: string | null;
    readonly carried: readonly CarriedFinding[];
    readonly found: number; // findings that are kept already
    readonly digests: ReadonlyMap<string, string>; // of what was found, by zone
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const zones = await tx.query<Zone>(
      "SELECT zone_id AS zone, zone_name AS name, totals, trouble FROM audit_check_zones WHERE check_id = $1",
      [check.id],
    );
    await carryOver(tx, check.id, zones, result);
    await tx.query(
      "UPDATE audit_check_zones z SET found_sha256 = d.digest FROM unnest($2::text[], $3::text[]) AS d (zone, digest) WHERE z.check_id = $1 AND z.zone_id = d.zone",
      [check.id, [...result.digests.keys()], [...result.digests.values()]],
    );
    const totals = noTotals();
    for (const { totals: own } of zones)
      if (own !== null) for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += own[name];
    const rows = await tx.query(
      `UPDATE audit_checks SET state = 'finished', phase = 'end', finished_at = clock_timestamp(), done = $3, totals = $4, witnesses = $5, stream_to = $6, error = NULL
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [check.id, holder, totals.rows, JSON.stringify(totals), JSON.stringify(result.witnesses), result.streamTo],
    );
    if (rows.length === 0) throw new Ended("taken over");
    const troubles = zones.map(({ zone, name, trouble }) => ({
      zone,
      name: name ?? zone,
      trouble: trouble ?? noTrouble(),
    }));
    await keepTroubles(tx, check.id, troubles);
    await orderWholeChains(tx, check.id, verifierVersion);
    await keepHeads(tx, check.id, auditKey);
    const whole = troubles.every(({ trouble }) => isWhole(trouble));
    if (check.scheduled && check.scope === "new" && whole) return; // once a minute: the check itself is kept, and says as much
    const { rows: all, proved, tampered, removed, not_provable: unproved } = totals;
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.check-finished",
        by: null,
        summary: `${what(check)} was checked: ${proved} of ${all} rows proved, ${tampered} tampered with, ${removed} removed, ${unproved} not provable`,
        details: {
          refs: { auditCheck: check.id },
          figures: Object.entries(totals).map(([name, value]) => ({ name, value, source: verifierVersion })),
        },
      },
    ]);
  });
}
