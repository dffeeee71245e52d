import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { type RunRow, runTitle } from "@/server/playbooks/run-rows";
import type { Figure } from "@/server/timeline/schemas";
import type { PostMortemFigures } from "@/server/post-mortem/schemas";
import { watchedFigures } from "@/server/post-mortem/watched-figures";
import type { SubjectIncident } from "@/server/post-mortem/subject-incident";
import { policyOf, actionNames, type ActionName } from "@/server/auth/action-policy";

type Counts = {
  zones: number;
  subjects: number;
  sessions: number;
  already: number;
  proved: number;
  agents: number;
  entries: number;
  told: number;
  untold: number;
};

const seconds = (from: Date, to: Date | null): number | null =>
  to === null ? null : Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));

const labelOf = (action: string): string =>
  actionNames.includes(action as ActionName) ? policyOf(action as ActionName).label : action;

async function count(db: Queryable, id: string, until: Date | null): Promise<Counts> {
  const [row] = await db.query<Counts>(
    `WITH runs AS (SELECT id, zone_id, coalesce(scope_subjects, array_remove(ARRAY[subject_id], NULL)) AS subjects FROM playbook_runs WHERE incident_id = $1 AND NOT drill),
          targets AS (SELECT t.outcome, t.proved_at FROM playbook_targets t JOIN runs r ON r.id = t.run_id),
          record AS (SELECT kind FROM timeline_entries WHERE chain = $1 AND at <= coalesce($2::timestamptz, 'infinity'))
     SELECT (SELECT count(DISTINCT zone) FROM (
               SELECT zone_id AS zone FROM runs
               UNION SELECT ref FROM incident_links WHERE incident_id = $1 AND kind = 'zone' AND active) z)::int AS zones,
            (SELECT count(DISTINCT (zone_id, subject)) FROM runs, unnest(subjects) AS subject)::int AS subjects,
            (SELECT count(*) FROM targets WHERE outcome = 'revoked')::int AS sessions,
            (SELECT count(*) FROM targets WHERE outcome = 'already-revoked')::int AS already,
            (SELECT count(*) FROM targets WHERE proved_at IS NOT NULL)::int AS proved,
            (SELECT coalesce(sum(agent_sessions), 0) FROM playbook_rounds WHERE run_id IN (SELECT id FROM runs))::int AS agents,
            (SELECT count(*) FROM record)::int AS entries,
            (SELECT count(*) FROM record WHERE kind = 'notification.sent')::int AS told,
            (SELECT count(*) FROM record WHERE kind = 'notification.failed')::int AS untold`,
    [id, until],
  );
  if (row === undefined) throw new Error("an aggregate gave no row");
  return row;
}

/** The highest count that each signal of lost audit events ever showed, added up over replicas and streams; null: no such signal. */
async function eventsLost(db: Queryable, id: string): Promise<number | null> {
  const [row] = await db.query<{ lost: number | null }>(
    `SELECT sum(most)::float8 AS lost FROM (
       SELECT max((r.figures->0->>'value')::numeric) AS most
         FROM incident_signals i JOIN signal_records s ON s.id = i.signal_id JOIN signal_readings r ON r.signal_id = s.id
        WHERE i.incident_id = $1 AND s.rule IN ('audit-dropped', 'lost-entries') AND r.figures->0->>'value' ~ '^[0-9]+$'
        GROUP BY s.id) per_signal`,
    [id],
  );
  return row?.lost ?? null;
}

const figure = (name: string, value: number | null, unit: string, source: string): Figure => ({
  name,
  value,
  unit,
  source,
});

/**
 * What the console measured of an incident, up to its resolution (later entries, such as the post-mortem's own, do not change
 * it). Durations are in seconds between times of the database clock; null means that it did not happen.
 */
export async function measureIncident(db: Queryable, incident: SubjectIncident): Promise<PostMortemFigures> {
  const { id, resolved_at: until } = incident;
  // One after the other: this may run inside a transaction, which is one connection.
  const counts = await count(db, id, until);
  const lost = await eventsLost(db, id);
  const outages = await db.query<{ what: string; severity: Severity; began: Date; cleared: Date | null }>(
    `SELECT s.sentence AS what, s.severity, s.began_at AS began, s.cleared_at AS cleared
         FROM incident_signals i JOIN signal_records s ON s.id = i.signal_id
        WHERE i.incident_id = $1 AND s.rule = 'service-not-ready' ORDER BY s.began_at LIMIT 100`,
    [id],
  );
  const proofs = await db.query<
    Pick<RunRow, "id" | "zone_name" | "state" | "scope" | "scope_subjects" | "subject_id"> & {
      summary: string | null;
      observed: string | null;
    }
  >(
    `SELECT id, zone_name, state, proof->>'summary' AS summary, proof->>'observedAt' AS observed,
              scope, scope_subjects, subject_id
         FROM playbook_runs WHERE incident_id = $1 ORDER BY created_at LIMIT 50`,
    [id],
  );
  const approvals = await db.query<{
    id: string;
    action: string;
    state: string;
    requester: string;
    voters: string[];
    digest: string;
  }>(
    `SELECT a.id, a.action, CASE WHEN a.state IN ('executed', 'denied') THEN a.state ELSE 'not executed' END AS state, a.requester_name AS requester, a.digest,
              coalesce(array_agg(v.voter_name ORDER BY v.cast_at) FILTER (WHERE v.vote = 'approve' AND v.withdrawn_at IS NULL), '{}') AS voters
         FROM approval_requests a LEFT JOIN approval_votes v ON v.request_id = a.id
        WHERE a.incident_id = $1 AND a.requested_at <= coalesce($2::timestamptz, 'infinity') GROUP BY a.id ORDER BY a.requested_at LIMIT 100`,
    [id, until],
  );
  const responders = await db.query<{ name: string; roles: string[] | null; entries: number }>(
    `SELECT min(e.actor_name) AS name, count(*)::int AS entries,
              (SELECT array_agg(DISTINCT r.role) FROM incident_roles r WHERE r.incident_id = $1 AND r.person_id::text = e.actor_id) AS roles
         FROM timeline_entries e WHERE e.chain = $1 AND e.actor_id IS NOT NULL AND e.at <= coalesce($2::timestamptz, 'infinity')
        GROUP BY e.actor_id ORDER BY entries DESC, name LIMIT 50`,
    [id, until],
  );
  const milestones = await db.query<{ at: Date; seq: number; summary: string }>(
    `SELECT at, seq::int AS seq, summary FROM (
         SELECT at, seq, summary FROM timeline_entries
          WHERE chain = $1 AND at <= coalesce($2::timestamptz, 'infinity')
            AND (split_part(kind, '.', 1) IN ('incident', 'approval', 'brake', 'clock', 'note')
                 OR kind IN ('signal.fired', 'signal.cleared', 'playbook.revoke', 'playbook.proved', 'playbook.done'))
          ORDER BY seq LIMIT 100) first_hundred ORDER BY seq`,
    [id, until],
  );
  const watched = await watchedFigures(db, id, until);
  const ours = "the incident's record";
  return {
    figures: [
      figure("time to detect", seconds(incident.began_at, incident.declared_at), "s", ours),
      figure("time to contain", seconds(incident.declared_at, incident.contained_at), "s", ours),
      figure("time to recover", seconds(incident.declared_at, incident.recovered_at), "s", ours),
      figure("duration", seconds(incident.began_at, until), "s", ours),
      figure("zones", counts.zones, "zones", "playbook runs and attached zones"),
      figure("subjects", counts.subjects, "subjects", "playbook runs"),
      figure("sessions revoked", counts.sessions, "sessions", "Caracal's Postgres, by the runs"),
      figure("sessions found already revoked", counts.already, "sessions", "Caracal's Postgres, by the runs"),
      figure("revocations proved", counts.proved, "sessions", "every consumer group and Postgres, by the runs"),
      figure("agent sessions ended", counts.agents, "agent sessions", "Caracal's Postgres, by the runs"),
      figure("audit events lost", lost, "events", "counters of the replicas, as the signals showed them"),
      figure("messages delivered", counts.told, "messages", "the notification outbox"),
      figure("messages not delivered", counts.untold, "messages", "the notification outbox"),
      figure("entries on record", counts.entries, "entries", ours),
    ],
    outages: outages.map((row) => ({
      what: row.what,
      severity: row.severity,
      from: row.began.toISOString(),
      until: row.cleared?.toISOString() ?? null,
    })),
    proofs: proofs.map((run) => ({
      runId: run.id,
      title: runTitle(run),
      state: run.state,
      summary: run.summary ?? "Nothing was proved",
      observedAt: run.observed === null ? null : new Date(Number(run.observed)).toISOString(),
    })),
    approvals: approvals.map(({ action, ...rest }) => ({ ...rest, label: labelOf(action) })),
    responders: responders.map((row) => ({ name: row.name, roles: row.roles ?? [], entries: row.entries })),
    watched,
    milestones: milestones.map((row) => ({ at: row.at.toISOString(), seq: row.seq, summary: row.summary })),
  };
}
