import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { FleetView, RunProof, RunState } from "@/server/playbooks/schemas";

type Row = {
  readonly id: string;
  readonly state: RunState;
  readonly zone_id: string;
  readonly zone_name: string;
  readonly proof: RunProof | null;
  readonly targets: number;
  readonly swept: boolean;
  readonly sweeping: boolean;
};

const mostRuns = 100; // as one approval may start
const left = (row: Row) => (row.proof === null ? row.targets : row.proof.total - row.proof.proved + row.proof.live);

/** The groups that keep targets from being proved, over all runs, the worst first. Pure. */
function heldUpBy(rows: readonly Row[]): FleetView["heldUpBy"] {
  const groups = new Map<string, { missing: number; zones: number }>();
  for (const { proof, state } of rows) {
    if (proof === null || !["revoke", "verify"].includes(state)) continue;
    for (const { group, required, passed } of proof.groups) {
      const missing = required ? Math.max(0, proof.total - passed) : 0;
      const known = groups.get(group) ?? { missing: 0, zones: 0 };
      if (missing > 0) groups.set(group, { missing: known.missing + missing, zones: known.zones + 1 });
    }
  }
  return [...groups].map(([group, counts]) => ({ group, ...counts })).sort((a, b) => b.missing - a.missing);
}

/**
 * The runs that one approval started, a zone each, with their proofs added up: how many targets are proved, where not, and which
 * consumer group holds them up. The unproved come first. @throws not_found also when the viewer may not see them
 */
export async function getFleet({
  ctx: { db, actor },
  input: { approvalId },
}: {
  ctx: { readonly db: Queryable; readonly actor: Pick<Actor, "id" | "roles"> };
  input: { readonly approvalId: string };
}): Promise<FleetView> {
  const rows = await db.query<Row>(
    `SELECT r.id, r.state, r.zone_id, r.zone_name, r.proof,
            (SELECT count(*) FROM playbook_targets t WHERE t.run_id = r.id)::int AS targets,
            EXISTS (SELECT 1 FROM playbook_rounds p WHERE p.run_id = r.id AND p.kind = 'second-sweep' AND p.state = 'finished') AS swept,
            EXISTS (SELECT 1 FROM playbook_rounds p WHERE p.run_id = r.id AND p.state IN ('queued', 'running')) AS sweeping
       FROM playbook_runs r WHERE r.approval_id = $3 AND ${visibleByIncident("r.incident_id", 1)} ORDER BY r.zone_name, r.id LIMIT ${mostRuns}`,
    [...viewerParams(actor), approvalId],
  );
  if (rows.length === 0) throw new DomainError("not_found", "There are no runs of such an approval.", { approvalId });
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    approvalId,
    total: sum(({ proof, targets }) => proof?.total ?? targets),
    proved: sum(({ proof }) => proof?.proved ?? 0),
    live: sum(({ proof }) => proof?.live ?? 0),
    heldUpBy: heldUpBy(rows),
    runs: [...rows]
      .sort((a, b) => left(b) - left(a))
      .map((row) => ({
        id: row.id,
        zone: { id: row.zone_id, name: row.zone_name },
        state: row.state,
        total: row.proof?.total ?? row.targets,
        proved: row.proof?.proved ?? 0,
        live: row.proof?.live ?? null,
        observedAt: row.proof?.observedAt ?? null,
        summary: row.proof?.trouble[0] ?? row.proof?.summary ?? "Not looked at yet",
        swept: row.swept,
        sweeping: row.sweeping,
      })),
  };
}
