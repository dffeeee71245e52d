import type { Actor } from "@/server/auth/roles";
import type { Database, Queryable } from "@/server/platform/postgres";
import { DomainError } from "@/server/platform/errors";
import { type RunEvent, statesAllowing, transition } from "@/server/playbooks/revoke-session/revoke-session.machine";
import { appendLog, type LogLine } from "@/server/playbooks/run-log";
import { loadRun, type RunRow } from "@/server/playbooks/run-rows";
import type { RunState } from "@/server/playbooks/schemas";

const stepName: Readonly<Record<RunState, string>> = {
  identify: "Identify",
  blast_radius: "Blast radius",
  revoke: "Revoke",
  verify: "Verify",
  wait: "Wait",
  done: "Done",
  abandoned: "Abandoned",
};

/** The refusal of an act that the run's state does not allow. */
export const notNow = (run: RunRow): DomainError =>
  new DomainError(
    "conflict",
    `The run is at ${stepName[run.state]} now, where this cannot be done. Look at it again.`,
    {
      state: run.state,
      revision: run.revision,
    },
  );

/**
 * Moves a run by one event: a conditional UPDATE on its state, the new step's time and the log lines, in one transaction with
 * `also`. When the driver is somebody else the act is still theirs to take: the log names who did it.
 * @throws conflict when the state does not allow the event (any more), not_found.
 */
export async function actOnRun(
  db: Database,
  runId: string,
  actor: (Pick<Actor, "id" | "name"> & Partial<Actor>) | null,
  event: RunEvent,
  lines: readonly LogLine[],
  also: (tx: Queryable, before: RunRow) => Promise<void> = async () => undefined,
): Promise<RunRow> {
  return db.transaction(async (tx) => {
    const [before] = await tx.query<RunRow>(
      "SELECT * FROM playbook_runs WHERE id = $1 AND state = ANY ($2) FOR UPDATE",
      [runId, statesAllowing(event)],
    );
    const state = before === undefined ? null : transition(before.state, event);
    if (before === undefined || state === null) throw notNow(await loadRun(tx, runId));
    await also(tx, before);
    const [run] = await tx.query<RunRow>(
      `UPDATE playbook_runs SET state = $2, revision = revision + 1, updated_at = now(),
              step_times = CASE WHEN state = $2 THEN step_times
                ELSE step_times || jsonb_build_object($2::text, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END
        WHERE id = $1 AND state = ANY ($3) RETURNING *`,
      [runId, state, statesAllowing(event)],
    );
    if (run === undefined) throw notNow(before);
    await appendLog(tx, runId, actor, lines);
    return run;
  });
}
