import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";

/** How long an incident may stay without an update, in minutes. */
export const updateMinutes: Readonly<Record<Severity, number>> = { P1: 30, P2: 60, P3: 240, P4: 1_440 };
/** A P1's post-mortem is due this long after its resolution (incident page), and is warned about this long before. */
export const postMortemHours = { due: 48, warn: 24 };

/** Ends the clock that runs, as met. */
export async function stopClock(tx: Queryable, incidentId: string, kind: "update" | "post-mortem"): Promise<void> {
  await tx.query("UPDATE incident_clocks SET met_at = now() WHERE incident_id = $1 AND kind = $2 AND met_at IS NULL", [
    incidentId,
    kind,
  ]);
}

/** Starts the update clock of the severity anew, from now by the database's clock; warns after three quarters. */
export async function restartUpdateClock(tx: Queryable, incidentId: string, severity: Severity): Promise<void> {
  await stopClock(tx, incidentId, "update");
  await tx.query(
    `INSERT INTO incident_clocks (incident_id, kind, due_at, warn_at)
     VALUES ($1, 'update', clock_timestamp() + make_interval(mins => $2), clock_timestamp() + make_interval(secs => $2 * 45))`,
    [incidentId, updateMinutes[severity]],
  );
}

/** Starts the clock of a P1's post-mortem, from now. */
export async function startPostMortemClock(tx: Queryable, incidentId: string): Promise<void> {
  await stopClock(tx, incidentId, "post-mortem");
  await tx.query(
    `INSERT INTO incident_clocks (incident_id, kind, due_at, warn_at)
     VALUES ($1, 'post-mortem', clock_timestamp() + make_interval(hours => $2), clock_timestamp() + make_interval(hours => $3))`,
    [incidentId, postMortemHours.due, postMortemHours.due - postMortemHours.warn],
  );
}
