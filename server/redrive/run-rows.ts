import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database, Queryable } from "@/server/platform/postgres";
import type { Keys } from "@/server/redrive/letters/classify-letter";
import type { RedriveRun, RunState } from "@/server/redrive/schemas";

/** What working on dead letters needs. `holder` names this worker: progress of a run is saved only by who holds it. */
export type RedriveContext = {
  readonly db: Database; // the console's
  readonly caracal: Pick<Deployment, "db" | "redis">;
  readonly keys: Keys;
  readonly holder: string;
};

export type RunRow = {
  readonly id: string;
  readonly kind: RedriveRun["kind"];
  readonly stream: string;
  readonly target: string;
  readonly state: RunState;
  readonly approval_id: string | null;
  readonly incident_id: string | null;
  readonly of_run: string | null;
  readonly reason: string | null;
  readonly last_id: string;
  readonly read_to: string | null;
  readonly left_out: number;
  readonly entries: number;
  readonly archive_sha256: string | null;
  readonly archive_bytes: string | null;
  readonly exported_at: Date | null;
  readonly exported_by: string | null;
  readonly chosen: number | null;
  readonly digest: string | null;
  readonly rate: number | null;
  readonly canary: number;
  readonly canary_passed: boolean;
  readonly canary_from: number;
  readonly most_lag: number;
  readonly most_failures: number;
  readonly failed_before: number;
  readonly pause_reason: string | null;
  readonly paused_by: string | null;
  readonly adding_from: number | null;
  readonly adding_to: number | null;
  readonly adding_tail: string | null;
  readonly next_n: number;
  readonly reached: number;
  readonly settled_to: number;
  readonly watched_to: string | null;
  readonly added: number;
  readonly added_again: number;
  readonly confirmed: number;
  readonly retired: number;
  readonly failed: number;
  readonly lag: number | null;
  readonly held_back: string | null;
  readonly requested_by_id: string;
  readonly requested_by_name: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly started_by: string | null;
  readonly finished_at: Date | null;
  readonly cancel_asked_by: string | null;
  readonly holder: string | null;
  readonly error: string | null;
};

/** @throws not_found */
export async function loadRun(db: Queryable, id: string): Promise<RunRow> {
  const [row] = await db.query<RunRow>("SELECT * FROM redrive_runs WHERE id = $1", [id]);
  if (row === undefined) throw new DomainError("not_found", "There is no such redrive.", { id });
  return row;
}

/** A run that the viewer may see: one of a restricted incident is as if it were not there. @throws not_found */
export async function loadVisibleRun(db: Queryable, actor: Pick<Actor, "id" | "roles">, id: string): Promise<RunRow> {
  const [row] = await db.query<RunRow>(
    `SELECT * FROM redrive_runs WHERE id = $1 AND ${visibleByIncident("redrive_runs.incident_id", 2)}`,
    [id, ...viewerParams(actor)],
  );
  if (row === undefined) throw new DomainError("not_found", "There is no such redrive.", { id });
  return row;
}

const silentAfterSeconds = 15;

/** Takes a run that is due: ours, or one whose worker has gone silent. A paused one is taken too: what is on its way is still confirmed. */
export async function takeRun(ctx: Pick<RedriveContext, "db" | "holder">): Promise<RunRow | null> {
  const [run] = await ctx.db.query<RunRow>(
    `UPDATE redrive_runs SET holder = $1, heartbeat_at = now()
      WHERE id = (
        SELECT id FROM redrive_runs
         WHERE (state IN ('classifying', 'running') OR (state = 'paused' AND (settled_to + 1 < reached OR adding_from IS NOT NULL OR cancel_asked_by IS NOT NULL)))
           AND (holder = $1 OR heartbeat_at < now() - make_interval(secs => $2))
         ORDER BY heartbeat_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
    [ctx.holder, silentAfterSeconds],
  );
  return run ?? null;
}

/** Another worker has the run, or it is over: this one stops at once and writes nothing more about it. */
export class TakenOver extends Error {
  override readonly name = "TakenOver";
}

/** Writes why a run does not get on just now; null: it does. Keeps the run with its worker. */
export async function noteTrouble(
  ctx: Pick<RedriveContext, "db" | "holder">,
  id: string,
  why: string | null,
): Promise<void> {
  await ctx.db.query("UPDATE redrive_runs SET error = $3, heartbeat_at = now() WHERE id = $1 AND holder = $2", [
    id,
    ctx.holder,
    why?.slice(0, 500) ?? null,
  ]);
}
