import type { Queryable } from "@/server/platform/postgres";
import { DomainError } from "@/server/platform/errors";
import type { CheckRow, Outlives } from "@/server/playbooks/revoke-session/checklist";
import type { GatewayMemory } from "@/server/playbooks/revoke-session/gateway-count";
import type { BlastRadius, RunProof, RunRound, RunState } from "@/server/playbooks/schemas";

/** Where the stream stood before the first publication, and which groups were in use then. */
export type Baseline = { readonly streamId: string; readonly at: number; readonly groups?: readonly string[] };
/** How far the stream was searched since the baseline; revocations that are not ours, by sid (at most 1,000) and beyond that by count. */
export type Scan = { readonly position: string; readonly elsewhere: readonly string[]; readonly overflow: number };

export type RunRow = {
  readonly id: string;
  readonly state: RunState;
  readonly revision: number;
  readonly drill: boolean;
  readonly zone_id: string;
  readonly zone_name: string;
  readonly zone_slug: string;
  readonly scope: "subject" | "subjects" | "zone";
  readonly scope_subjects: readonly string[] | null;
  readonly approval_id: string | null;
  readonly subject_id: string | null; // null beyond one subject
  readonly subject_type: string;
  readonly from_kind: string;
  readonly from_id: string;
  readonly reason: string | null;
  readonly created_by_id: string;
  readonly created_by_name: string;
  readonly driver_id: string;
  readonly driver_name: string;
  readonly incident_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly step_times: Partial<Record<RunState, string>>;
  readonly blast: BlastRadius | null;
  readonly outlives: Outlives;
  readonly baseline: Baseline | null;
  readonly scan: Scan | null;
  readonly proof: RunProof | null;
  readonly gateway_readings: Readonly<Record<string, GatewayMemory>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly observed_at: Date | null;
  readonly last_published_at: Date | null;
};

export type RoundRow = {
  readonly run_id: string;
  readonly round: number;
  readonly kind: RunRound["kind"];
  readonly lane: RunRound["lane"];
  readonly state: RunRound["state"];
  readonly requested_by_id: string;
  readonly requested_by_name: string;
  readonly started_at: Date;
  readonly planned_at: Date | null;
  readonly finished_at: Date | null;
  readonly heartbeat_at: Date;
  readonly targets: number;
  readonly revoked: number;
  readonly published: number;
  readonly series: number;
  readonly stalled: number;
  readonly missing: number | null;
  readonly error: string | null;
};

export type TargetTotals = {
  readonly total: number;
  readonly planned: number;
  readonly revoked: number;
  readonly proved: number;
  readonly sweeps: number;
  readonly revoked_at: Date | null;
  readonly per_call_until: Date | null;
};

/** Whose sessions the run is about; null: everybody's in its zone. */
export function subjectsOf(run: Pick<RunRow, "scope" | "scope_subjects" | "subject_id">): readonly string[] | null {
  if (run.scope === "zone") return null;
  return run.scope === "subjects" ? (run.scope_subjects ?? []) : [run.subject_id ?? ""];
}

/** The same for people. */
export function subjectLabel(run: Pick<RunRow, "scope" | "scope_subjects" | "subject_id">): string {
  if (run.scope === "zone") return "everybody";
  return run.scope === "subjects" ? `${run.scope_subjects?.length ?? 0} subjects` : (run.subject_id ?? "");
}

/** What a run is called, wherever it is named. */
export const runTitle = (run: Pick<RunRow, "scope" | "scope_subjects" | "subject_id" | "zone_name">): string =>
  `Revoke the sessions of ${subjectLabel(run)} in ${run.zone_name}`;

/** One run. @throws not_found */
export async function loadRun(db: Queryable, runId: string): Promise<RunRow> {
  const [row] = await db.query<RunRow>("SELECT * FROM playbook_runs WHERE id = $1", [runId]);
  if (row === undefined) throw new DomainError("not_found", "There is no such run.", { runId });
  return row;
}

/** All rounds of a run, oldest first: at most a few hundred. */
export const loadRounds = (db: Queryable, runId: string): Promise<RoundRow[]> =>
  db.query<RoundRow>("SELECT * FROM playbook_rounds WHERE run_id = $1 ORDER BY round LIMIT 1000", [runId]);

/** Checklist items that somebody settled. */
export const loadChecks = (db: Queryable, runId: string): Promise<CheckRow[]> =>
  db.query<CheckRow>(
    `SELECT item, done_by AS "doneBy", done_at AS "doneAt", skipped_reason AS "skippedReason" FROM playbook_checks WHERE run_id = $1`,
    [runId],
  );

/** Counts over a run's targets. A mandate of at most 15 minutes counts as possibly per-call (5 s for clocks). */
export async function loadTotals(db: Queryable, runId: string): Promise<TargetTotals> {
  const [row] = await db.query<TargetTotals>(
    `SELECT count(*)::int AS total,
            (count(*) FILTER (WHERE outcome = 'planned'))::int AS planned,
            (count(*) FILTER (WHERE outcome = 'revoked'))::int AS revoked,
            (count(*) FILTER (WHERE proved_at IS NOT NULL))::int AS proved,
            coalesce(max(sweep), 0)::int AS sweeps,
            min(outcome_at) FILTER (WHERE outcome = 'revoked') AS revoked_at,
            max(expires_at) FILTER (WHERE expires_at - minted_at <= interval '15 minutes 5 seconds') AS per_call_until
       FROM playbook_targets WHERE run_id = $1`,
    [runId],
  );
  if (row === undefined) throw new Error("an aggregate gave no row");
  return row;
}
