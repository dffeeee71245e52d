import type { Actor } from "@/server/auth/roles";
import { DomainError } from "@/server/platform/errors";
import type { Queryable } from "@/server/platform/postgres";
import type { RunRound } from "@/server/playbooks/schemas";

/**
 * Records the intent of one round, queued. The database allows one open round per run, so of any number of concurrent clicks
 * one gets here. @throws conflict when a round is still going on.
 */
export async function openRound(
  tx: Queryable,
  round: {
    readonly runId: string;
    readonly kind: RunRound["kind"];
    readonly lane: RunRound["lane"];
    readonly by: Pick<Actor, "id" | "name">;
    readonly series?: number;
    readonly stalled?: number;
    readonly missing?: number | null; // what the gateways lacked before this round
  },
): Promise<number> {
  const [row] = await tx.query<{ round: number }>(
    `INSERT INTO playbook_rounds (run_id, round, kind, lane, requested_by_id, requested_by_name, series, stalled, missing)
     SELECT $1, coalesce(max(round), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM playbook_rounds WHERE run_id = $1
     ON CONFLICT (run_id) WHERE state IN ('queued', 'running') DO NOTHING RETURNING round`,
    [
      round.runId,
      round.kind,
      round.lane,
      round.by.id,
      round.by.name,
      round.series ?? 1,
      round.stalled ?? 0,
      round.missing ?? null,
    ],
  );
  if (row === undefined)
    throw new DomainError("conflict", "A round of this run is still going on. Wait until it has finished.", {});
  return row.round;
}
