import { createHash, randomUUID } from "node:crypto";
import { newPerson } from "@/sandbox/new-person";
import type { Actor, Role } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";
import { appendEntries } from "@/server/timeline/append-entries";

export const noteText = "The key was pasted by Dana into the channel at 10:04";
export const attachmentBytes = Buffer.from("Dana Responder said so\n".repeat(40));

/** Somebody who can sign in, with what an entry keeps of them. */
export async function person(db: Database, name: string, role: Role): Promise<Actor> {
  const username = `${name.toLowerCase().replaceAll(" ", ".")}.${randomUUID().slice(0, 6)}`;
  return { ...(await newPerson(db, username, [role], name)), address: "203.0.113.77", requestId: randomUUID() };
}

/** An incident with one of everything: entries, a note, roles, links, an approval with a vote, a run, an attachment, a watched figure. */
export async function recordedIncident(
  db: Database,
  people: { lead: Actor; voter: Actor },
  restricted = false,
): Promise<string> {
  const [id, approval, digest] = [randomUUID(), randomUUID(), createHash("sha256").update(randomUUID()).digest("hex")];
  const { lead, voter } = people;
  await db.query(
    `INSERT INTO incidents (id, title, severity, restricted, origin, declared_by_id, declared_by_name)
     VALUES ($1, 'Stolen mandate of mallory@example.com in Payments Zone', 'P1', $2, 'by-hand', $3, $4)`,
    [id, restricted, lead.id, lead.name],
  );
  await db.query("INSERT INTO incident_roles (incident_id, role, person_id) VALUES ($1, 'lead', $2)", [id, lead.id]);
  await db.query("INSERT INTO incident_members (incident_id, person_id) VALUES ($1, $2)", [id, lead.id]);
  await db.query(
    "INSERT INTO incident_links (incident_id, kind, ref, label) VALUES ($1, 'zone', 'zone-pay-01', 'Payments Zone')",
    [id],
  );
  await db.query(
    `INSERT INTO incident_files (incident_id, name, media_type, size, sha256, content, added_by_id, added_by_name)
     VALUES ($1, '../../Übersicht of the day, taken by hand.txt', 'text/plain', $2, $3, $4, $5, $6)`,
    [
      id,
      attachmentBytes.length,
      createHash("sha256").update(attachmentBytes).digest("hex"),
      attachmentBytes,
      lead.id,
      lead.name,
    ],
  );
  await db.query(
    `INSERT INTO approval_requests (id, action, severity, parameters, targets, target_count, targets_digest, incident_id, playbook_version,
       requester_id, requester_name, reason, nonce, votes_needed, expires_at, digest)
     VALUES ($1, 'freeze-zone', 'P1', '{"zoneId":"zone-pay-01"}', '["app-7731"]', 1, $2, $3, '1', $4, $5, 'Mallory holds it', $6, 1, now() + interval '15 minutes', $2)`,
    [approval, digest, id, lead.id, lead.name, randomUUID()],
  );
  await db.query(
    `INSERT INTO approval_votes (request_id, requester_id, digest, voter_id, voter_name, voter_roles, vote, comment, expires_at)
     VALUES ($1, $2, $3, $4, $5, '{approver}', 'approve', 'I spoke to Dana', now() + interval '15 minutes')`,
    [approval, lead.id, digest, voter.id, voter.name],
  );
  await db.query(
    `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, subject_id, subject_type, from_kind, from_id, reason,
       created_by_id, created_by_name, driver_id, driver_name, incident_id, proof)
     VALUES ($1, 'revoke-session', 'done', 'zone-pay-01', 'Payments Zone', 'payments', 'mallory', 'user', 'subject', 'mallory', 'stolen', $2, $3, $2, $3, $4,
             '{"summary": "2 of 2 sessions of mallory are revoked everywhere"}')`,
    [randomUUID(), lead.id, lead.name, id],
  );
  await db.query(
    `WITH watch AS (INSERT INTO incident_watches (incident_id, series, label, pinned_by_id, pinned_by_name)
       VALUES ($1, 'stream:caracal.audit.events.dlq:length', 'entries of caracal.audit.events.dlq', $2, $3) RETURNING id)
     INSERT INTO incident_watch_samples (watch_id, at, value)
     SELECT watch.id, now() - make_interval(secs => s.ago), s.value FROM watch, (VALUES (50, 3), (40, 412), (30, NULL), (10, 7)) AS s (ago, value)`,
    [id, lead.id, lead.name],
  );
  const entry = (
    kind: string,
    by: Actor | null,
    summary: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ) => ({
    chain: id,
    kind,
    by,
    summary,
    details: { parameters },
  });
  await db.transaction((tx) =>
    appendEntries(tx, [
      entry("incident.declared", lead, "Dana Responder declared it: stolen mandate of mallory@example.com"),
      entry("note.added", lead, noteText),
      entry("approval.requested", lead, "Dana Responder asked to freeze Payments Zone", { zoneId: "zone-pay-01" }),
      entry("approval.voted", voter, "Ari Approver approved what Dana Responder asked for"),
      entry(
        "playbook.revoke",
        lead,
        "Sessions sess-4411 and sess-4412 of mallory in Payments Zone were revoked from 198.51.100.4",
        {
          sessionIds: ["sess-4411", "sess-4412"],
        },
      ),
      entry("signal.cleared", null, "No live session of mallory is left"),
      ...Array.from({ length: 14 }, (_, n) =>
        entry("note.added", voter, `Note ${n}: <b>ünïcode</b> & "quotes" | pipes`),
      ),
    ]),
  );
  return id;
}
