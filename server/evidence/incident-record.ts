import type { Queryable } from "@/server/platform/postgres";

type Person = { readonly id: string | null; readonly name: string };
export type RecordedVote = {
  readonly voter: Person;
  readonly roles: readonly string[];
  readonly vote: string;
  readonly comment: string;
  readonly digest: string;
  readonly castAt: string;
  readonly withdrawnAt: string | null;
};
export type RecordedApproval = {
  readonly id: string;
  readonly action: string;
  readonly severity: string;
  readonly state: string;
  readonly stateReason: string | null;
  readonly requester: Person;
  readonly reason: string;
  readonly parameters: unknown;
  readonly targets: unknown;
  readonly targetCount: number;
  readonly targetsDigest: string;
  readonly digest: string;
  readonly votesNeeded: number;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  readonly executedAt: string | null;
  readonly executedBy: Person | null;
  readonly resultRef: string | null;
  readonly votes: readonly RecordedVote[];
};
export type RecordedRun = {
  readonly id: string;
  readonly playbook: string;
  readonly state: string;
  readonly drill: boolean;
  readonly zone: { readonly id: string; readonly name: string };
  readonly subjectId: string | null;
  readonly reason: string | null;
  readonly startedBy: Person;
  readonly createdAt: string;
  readonly observedAt: string | null;
  readonly proof: unknown;
};
export type RecordedFile = {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
  readonly addedBy: Person;
  readonly addedAt: string;
};
export type IncidentRecord = {
  readonly incident: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly number: number;
    readonly title: string;
  };
  readonly roles: readonly {
    readonly role: string;
    readonly person: Person;
    readonly since: string;
    readonly until: string | null;
  }[];
  readonly members: readonly Person[];
  readonly links: readonly { readonly kind: string; readonly ref: string; readonly label: string }[];
  readonly signals: readonly Readonly<Record<string, unknown>>[];
  readonly clocks: readonly Readonly<Record<string, unknown>>[];
  readonly merged: readonly { readonly id: string; readonly number: number }[];
  readonly files: readonly RecordedFile[];
  readonly approvals: readonly RecordedApproval[];
  readonly runs: readonly RecordedRun[];
};

const person = (id: string, name: string) => `json_build_object('id', ${id}, 'name', ${name})`;
const lists = {
  incident: `SELECT json_build_object('id', i.id, 'number', i.number, 'title', i.title, 'severity', i.severity, 'state', i.state,
      'restricted', i.restricted, 'drill', i.drill, 'origin', i.origin, 'mergedInto', i.merged_into, 'declaredBy', ${person("i.declared_by_id", "i.declared_by_name")},
      'beganAt', i.began_at, 'declaredAt', i.declared_at, 'acknowledgedAt', i.acknowledged_at, 'containedAt', i.contained_at,
      'recoveredAt', i.recovered_at, 'resolvedAt', i.resolved_at, 'closedAt', i.closed_at) AS item
    FROM incidents i WHERE i.id = $1`,
  roles: `SELECT json_build_object('role', r.role, 'person', ${person("p.id", "p.display_name")}, 'since', r.since, 'until', r.until) AS item
    FROM incident_roles r JOIN people p ON p.id = r.person_id WHERE r.incident_id = $1 ORDER BY r.since LIMIT 1000`,
  members: `SELECT ${person("p.id", "p.display_name")} AS item
    FROM incident_members m JOIN people p ON p.id = m.person_id WHERE m.incident_id = $1 ORDER BY m.since, p.id LIMIT 1000`,
  links: `SELECT json_build_object('kind', kind, 'ref', ref, 'label', label) AS item
    FROM incident_links WHERE incident_id = $1 AND active ORDER BY kind, ref LIMIT 1000`,
  signals: `SELECT json_build_object('key', s.key, 'rule', s.rule, 'severity', s.severity, 'sentence', s.sentence, 'figures', s.figures,
      'beganAt', s.began_at, 'firedAt', s.fired_at, 'clearedAt', s.cleared_at) AS item
    FROM incident_signals i JOIN signal_records s ON s.id = i.signal_id WHERE i.incident_id = $1 ORDER BY s.fired_at LIMIT 1000`,
  clocks: `SELECT json_build_object('kind', kind, 'dueAt', due_at, 'warnedAt', warned_at, 'breachedAt', breached_at, 'metAt', met_at) AS item
    FROM incident_clocks WHERE incident_id = $1 ORDER BY due_at LIMIT 1000`,
  merged: `SELECT json_build_object('id', id, 'number', number) AS item FROM incidents
    WHERE merged_into = $1 AND (NOT restricted OR (SELECT restricted FROM incidents WHERE id = $1)) ORDER BY number LIMIT 1000`,
  files: `SELECT json_build_object('id', id, 'name', name, 'mediaType', media_type, 'size', size, 'sha256', sha256,
      'addedBy', ${person("added_by_id", "added_by_name")}, 'addedAt', added_at) AS item
    FROM incident_files WHERE incident_id = $1 ORDER BY added_at, id LIMIT 1000`,
  approvals: `SELECT json_build_object('id', a.id, 'action', a.action, 'severity', a.severity, 'state', a.state, 'stateReason', a.state_reason,
      'requester', ${person("a.requester_id", "a.requester_name")}, 'reason', a.reason, 'parameters', a.parameters, 'targets', a.targets,
      'targetCount', a.target_count, 'targetsDigest', a.targets_digest, 'digest', a.digest, 'votesNeeded', a.votes_needed,
      'requestedAt', a.requested_at, 'expiresAt', a.expires_at, 'decidedAt', a.decided_at, 'executedAt', a.executed_at,
      'executedBy', CASE WHEN a.executed_by_id IS NOT NULL THEN ${person("a.executed_by_id", "a.executed_by_name")} END, 'resultRef', a.result_ref,
      'votes', (SELECT coalesce(json_agg(json_build_object('voter', ${person("v.voter_id", "v.voter_name")}, 'roles', v.voter_roles, 'vote', v.vote,
        'comment', v.comment, 'digest', v.digest, 'castAt', v.cast_at, 'withdrawnAt', v.withdrawn_at) ORDER BY v.cast_at), '[]')
        FROM approval_votes v WHERE v.request_id = a.id)) AS item
    FROM approval_requests a WHERE a.incident_id = $1 ORDER BY a.requested_at LIMIT 500`,
  runs: `SELECT json_build_object('id', id, 'playbook', playbook, 'state', state, 'drill', drill, 'zone', json_build_object('id', zone_id, 'name', zone_name),
      'subjectId', subject_id, 'reason', reason, 'startedBy', ${person("created_by_id", "created_by_name")}, 'createdAt', created_at,
      'observedAt', observed_at, 'proof', proof) AS item
    FROM playbook_runs WHERE incident_id = $1 ORDER BY created_at LIMIT 500`,
};

/** Everything on record about an incident but its timeline and its files' contents. Ask first whether it may be seen. */
export async function readRecord(tx: Queryable, incidentId: string): Promise<IncidentRecord> {
  const all = async <Item>(list: keyof typeof lists): Promise<Item[]> =>
    (await tx.query<{ item: Item }>(lists[list], [incidentId])).map(({ item }) => item);
  const [incident] = await all<IncidentRecord["incident"]>("incident");
  if (incident === undefined) throw new Error("the incident is gone");
  return {
    incident,
    roles: await all("roles"),
    members: await all("members"),
    links: await all("links"),
    signals: await all("signals"),
    clocks: await all("clocks"),
    merged: await all("merged"),
    files: await all("files"),
    approvals: await all("approvals"),
    runs: await all("runs"),
  };
}
