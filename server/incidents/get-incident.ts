import type { IncidentContext } from "@/server/incidents/act-on-incident";
import { closeBlockers } from "@/server/incidents/close-blockers";
import { transition } from "@/server/incidents/incident.machine";
import { viewerParams, visibleTo } from "@/server/incidents/visible-to";
import { type IncidentRow, loadIncident, mergedWords } from "@/server/incidents/incident-rows";
import { type ClockRow, clockView, incidentSummary } from "@/server/incidents/list-incidents";
import type {
  incidentEvents,
  IncidentRole,
  IncidentSignal,
  IncidentView,
  May,
  PersonRef,
} from "@/server/incidents/schemas";
import type { Queryable } from "@/server/platform/postgres";
import type { Severity } from "@/server/platform/severity";
import { type RunRow, runTitle } from "@/server/playbooks/run-rows";
import { recordView } from "@/server/incidents/record-view";

const iso = (at: Date): string => at.toISOString();

type SignalRow = {
  key: string;
  rule: string;
  severity: Severity;
  sentence: string;
  began_at: Date;
  fired_at: Date;
  cleared_at: Date | null;
  acked_by: string | null;
  figures: IncidentSignal["figures"];
  readings: [string, string | null][] | null;
};

/** Its signals, open ones first, at most 100, each with its first figure over its last 60 readings. */
async function signalsOf(db: Queryable, incidentId: string): Promise<IncidentSignal[]> {
  const rows = await db.query<SignalRow>(
    `SELECT s.key, s.rule, s.severity, s.sentence, s.began_at, s.fired_at, s.cleared_at, s.acked_by, s.figures,
            (SELECT json_agg(json_build_array(r.at, r.figures->0->>'value') ORDER BY r.at) FROM (
               SELECT at, figures FROM signal_readings WHERE signal_id = s.id ORDER BY at DESC LIMIT 60) r) AS readings
       FROM incident_signals x JOIN signal_records s ON s.id = x.signal_id
      WHERE x.incident_id = $1 ORDER BY s.cleared_at IS NOT NULL, s.severity, s.fired_at DESC LIMIT 100`,
    [incidentId],
  );
  return rows.map((row) => ({
    key: row.key,
    rule: row.rule,
    severity: row.severity,
    sentence: row.sentence,
    beganAt: iso(row.began_at),
    firedAt: iso(row.fired_at),
    clearedAt: row.cleared_at?.toISOString() ?? null,
    ackedBy: row.acked_by,
    figures: row.figures,
    readings: (row.readings ?? []).map(([at, value]) => [
      new Date(at).toISOString(),
      value !== null && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null,
    ]),
  }));
}

type RoleRow = { role: IncidentRole; person_id: string; name: string; since: Date; until: Date | null };
const person = (row: { person_id: string; name: string }): PersonRef => ({ id: row.person_id, name: row.name });

function eventsOf(incident: IncidentRow, blockers: readonly string[]): IncidentView["events"] {
  const may = (event: (typeof incidentEvents)[number]): May => {
    if (incident.merged_into !== null) return { allowed: false, why: `It was merged into ${mergedWords(incident)}.` };
    if (transition(incident.state, event) === null)
      return { allowed: false, why: `Not while it is ${incident.state}.` };
    return event === "close" && blockers.length > 0
      ? { allowed: false, why: blockers.join(" ") }
      : { allowed: true, why: null };
  };
  return {
    contain: may("contain"),
    recover: may("recover"),
    resolve: may("resolve"),
    close: may("close"),
    reopen: may("reopen"),
  };
}

/** Everything the incident's page shows beside its timeline. Looking at a restricted one goes on its record. @throws not_found */
export async function getIncident({
  ctx: { db, actor },
  input,
}: {
  ctx: IncidentContext;
  input: { readonly incidentId: string };
}): Promise<IncidentView> {
  const incident = await loadIncident(db, actor, input.incidentId);
  const { id } = incident;
  const [summary, signals, roles, members, links, runs, files, clocks, merged, blockers] = await Promise.all([
    incidentSummary(db, actor, id),
    signalsOf(db, id),
    db.query<RoleRow>(
      `SELECT r.role, r.person_id, p.display_name AS name, r.since, r.until FROM incident_roles r JOIN people p ON p.id = r.person_id
        WHERE r.incident_id = $1 ORDER BY r.since LIMIT 200`,
      [id],
    ),
    db.query<{ person_id: string; name: string }>(
      `SELECT m.person_id, p.display_name AS name FROM incident_members m JOIN people p ON p.id = m.person_id
        WHERE m.incident_id = $1 AND m.active ORDER BY p.display_name LIMIT 200`,
      [id],
    ),
    db.query<{ kind: "zone" | "service"; ref: string; label: string }>(
      "SELECT kind, ref, label FROM incident_links WHERE incident_id = $1 AND active ORDER BY kind, label LIMIT 200",
      [id],
    ),
    db.query<Pick<RunRow, "id" | "scope" | "scope_subjects" | "subject_id" | "zone_name" | "state" | "driver_name">>(
      `SELECT id, scope, scope_subjects, subject_id, zone_name, state, driver_name
         FROM playbook_runs WHERE incident_id = $1 ORDER BY created_at DESC LIMIT 50`,
      [id],
    ),
    db.query<{
      id: string;
      name: string;
      media_type: string;
      size: number;
      sha256: string;
      added_by: string;
      added_at: Date;
    }>(
      `SELECT id, name, media_type, size, sha256, added_by_name AS added_by, added_at FROM incident_files
        WHERE incident_id = $1 ORDER BY added_at LIMIT 200`,
      [id],
    ),
    db.query<ClockRow>(
      `SELECT kind, due_at, warn_at, warned_at, breached_at, met_at FROM incident_clocks
        WHERE incident_id = $1 AND met_at IS NULL ORDER BY due_at`,
      [id],
    ),
    db.query<{ id: string; number: number; title: string }>(
      `SELECT i.id, i.number::int AS number, i.title FROM incidents i WHERE i.merged_into = $3 AND ${visibleTo("i", 1)} ORDER BY i.number LIMIT 100`,
      [...viewerParams(actor), id],
    ),
    incident.state === "resolved" ? closeBlockers(db, incident) : [],
  ]);
  if (incident.restricted) await recordView({ db, actor }, incident);
  return {
    ...summary,
    origin: incident.origin,
    declaredBy:
      incident.declared_by_id === null
        ? { id: null, name: incident.declared_by_name }
        : { id: incident.declared_by_id, name: incident.declared_by_name },
    beganAt: iso(incident.began_at),
    times: {
      ...(incident.contained_at === null ? {} : { contained: iso(incident.contained_at) }),
      ...(incident.recovered_at === null ? {} : { recovered: iso(incident.recovered_at) }),
      ...(incident.resolved_at === null ? {} : { resolved: iso(incident.resolved_at) }),
      ...(incident.closed_at === null ? {} : { closed: iso(incident.closed_at) }),
    },
    acknowledgedAt: incident.acknowledged_at?.toISOString() ?? null,
    roles: roles
      .filter(({ until }) => until === null)
      .map((row) => ({ role: row.role, person: person(row), since: iso(row.since) })),
    roleHistory: roles.flatMap((row) =>
      row.until === null ? [] : [{ role: row.role, person: person(row), since: iso(row.since), until: iso(row.until) }],
    ),
    members: members.map(person),
    links,
    signals,
    runs: runs.map((run) => ({
      id: run.id,
      title: runTitle(run),
      state: run.state,
      driver: run.driver_name,
    })),
    files: files.map((file) => ({
      id: file.id,
      name: file.name,
      mediaType: file.media_type,
      size: file.size,
      sha256: file.sha256,
      addedBy: file.added_by,
      addedAt: iso(file.added_at),
    })),
    clocks: clocks.map(clockView),
    merged,
    events: eventsOf(incident, blockers),
    closeBlockers: blockers,
  };
}
