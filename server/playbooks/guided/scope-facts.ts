import { neededFindings } from "@/server/playbooks/guided/propose-verdict";
import {
  type ChainPlace,
  mostAdminActs,
  readAdminActs,
  readPlaces,
  readWriters,
} from "@/server/caracal/audit-writers-read";
import { DomainError } from "@/server/platform/errors";
import type { Looking } from "@/server/playbooks/guided/playbook";
import type { AffectedRow, ScopeReport } from "@/server/playbooks/guided/reports.schemas";

const named = 20; // affected rows that are listed before they are counted
const dayMs = 86_400_000;

type Check = { readonly id: string; readonly startedAt: Date };

/** The newest finished check that covers the zone and was ordered in this run. */
export async function newestCheck({ db, run }: Pick<Looking, "db" | "run">): Promise<Check | null> {
  const [row] = await db.query<Check>(
    `SELECT id, started_at AS "startedAt" FROM audit_checks
      WHERE state = 'finished' AND coalesce(zone_id, '') IN ('', $1) AND requested_at >= $2 ORDER BY started_at DESC LIMIT 1`,
    [run.zone_id, run.created_at],
  );
  return row ?? null;
}

/** When the zone was last proved whole by a check before this one; null: never here. */
export async function lastWhole({ db, run }: Pick<Looking, "db" | "run">, before: Check): Promise<string | null> {
  const [row] = await db.query<{ at: Date }>(
    `SELECT c.started_at AS at FROM audit_checks c WHERE c.state = 'finished' AND coalesce(c.zone_id, '') IN ('', $1) AND c.started_at < $2
        AND NOT EXISTS (SELECT 1 FROM audit_troubles t WHERE t.check_id = c.id AND t.zone_id = $1)
      ORDER BY c.started_at DESC LIMIT 1`,
    [run.zone_id, before.startedAt],
  );
  return row?.at.toISOString() ?? null;
}

/** The rows that the check found to be changed, removed or rewritten in the zone, in the order of the chain; and how many there are. */
async function affectedRows({ db, run }: Looking, check: Check): Promise<{ rows: AffectedRow[]; count: number }> {
  const rows = await db.query<AffectedRow & { count: number }>(
    `SELECT chain_seq::float8 AS seq, event_id AS "eventId", finding, columns, witnesses, (count(*) OVER ())::int AS count
       FROM audit_findings WHERE check_id = $1 AND zone_id = $2 AND finding = ANY ($3) ORDER BY n LIMIT ${named}`,
    [check.id, run.zone_id, neededFindings],
  );
  return { rows: rows.map(({ count: _count, ...row }) => row), count: rows[0]?.count ?? 0 };
}

const bounds = (places: readonly ChainPlace[], of: "occurredAt" | "ingestedAt") => {
  const times = places.map((place) => place[of]).sort();
  return { first: times[0] ?? null, last: times.at(-1) ?? null };
};

/**
 * What the scope of a tampering is, as far as anything here can tell: the affected rows and their neighbours, the window in which it
 * was done, who is connected, who could write, and what administrators did in the window. Bounded reads only.
 * @throws precondition_failed without a check of this run, source_unreachable
 */
export async function scopeReport(looking: Looking): Promise<ScopeReport> {
  const { caracal, run } = looking;
  const check = await newestCheck(looking);
  if (check === null || run.zone_id === null)
    throw new DomainError("precondition_failed", "Check the chain first: the scope is read from its findings.");
  const zoneId = run.zone_id;
  const [{ rows, count }, whole] = await Promise.all([affectedRows(looking, check), lastWhole(looking, check)]);
  const seqs = [...new Set(rows.flatMap(({ seq }) => (seq === null ? [] : [seq - 1, seq, seq + 1])))].filter(
    (seq) => seq > 0,
  );
  const places = await readPlaces(caracal.db, zoneId, seqs);
  const ingested = bounds(places, "ingestedAt");
  const to = check.startedAt.toISOString();
  const rowsFrom = ingested.first ?? new Date(check.startedAt.getTime() - dayMs).toISOString();
  const from = whole !== null && whole > rowsFrom ? whole : rowsFrom; // nothing is changed before it was written
  const [{ connections, writers }, acts] = await Promise.all([
    readWriters(caracal.db),
    readAdminActs(caracal.db, zoneId, from, to),
  ]);
  const affected = new Set(rows.map(({ seq }) => seq));
  return {
    kind: "scope",
    at: new Date().toISOString(),
    checkId: check.id,
    affected: { rows, count },
    neighbours: places.filter(({ seq }) => !affected.has(seq)),
    window: { from, to, lastWhole: whole, occurred: bounds(places, "occurredAt"), ingested },
    connections,
    hiddenConnections: connections.reduce((sum, { hidden }) => sum + hidden, 0),
    writers,
    adminActs: { acts: acts.slice(0, mostAdminActs), more: acts.length > mostAdminActs },
  };
}
