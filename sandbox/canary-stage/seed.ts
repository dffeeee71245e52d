import { createHash, randomUUID } from "node:crypto";
import { ids, marker, type Person } from "@/sandbox/canary-stage/stage";
import type { Database } from "@/server/platform/postgres";
import { appendEntries } from "@/server/timeline/append-entries";

/** One restricted incident with the marker wherever its parts hold text. */
export async function seedCanary(db: Database, { actor: { id: by } }: Person, voter: Person): Promise<void> {
  const say = (sql: string, params: readonly unknown[] = []) => db.query(sql, params);
  const sha = createHash("sha256").update(marker).digest("hex");
  const who = `'${by}', '${marker}'`;
  await say(
    `INSERT INTO incidents (id, title, severity, restricted, origin, declared_by_id, declared_by_name) VALUES
       ($1, $4, 'P1', true, 'by-hand', $5, $4), ($2, $4, 'P2', true, 'by-hand', $5, $4), ($3, 'Seen by all', 'P3', false, 'by-hand', $5, 'x')`,
    [ids.incident, ids.absorbed, ids.gone, marker, by],
  );
  await say("UPDATE incidents SET merged_into = $1 WHERE id = ANY ($2)", [ids.incident, [ids.absorbed, ids.gone]]);
  await appendEntries(db, [
    {
      chain: ids.incident ?? "",
      kind: "note.added",
      by: { id: by, name: marker, roles: [] },
      summary: marker,
      details: { parameters: { marker } },
    },
  ]);
  await say("INSERT INTO incident_keys (incident_id, dedupe_key) VALUES ($1, $2)", [ids.incident, marker]);
  await say("INSERT INTO incident_roles (incident_id, role, person_id) VALUES ($1, 'lead', $2)", [ids.incident, by]);
  await say("INSERT INTO incident_members (incident_id, person_id) VALUES ($1, $2)", [ids.incident, by]);
  await say("INSERT INTO incident_links (incident_id, kind, ref, label) VALUES ($1, 'zone', 'zone-1', $2)", [
    ids.incident,
    marker,
  ]);
  await say(
    "INSERT INTO incident_files (id, incident_id, name, media_type, size, sha256, content, added_by_id, added_by_name) VALUES ($1, $2, $3, 'text/plain', $4, $5, $6, $7, $3)",
    [ids.file, ids.incident, marker, marker.length, sha, Buffer.from(marker), by],
  );
  for (const [n, id] of [ids.approval, ids.freezeApproval, ids.wide].entries())
    await say(
      `INSERT INTO approval_requests (id, action, severity, parameters, targets, target_count, targets_digest, preconditions, blast, incident_id, playbook_version,
         requester_id, requester_name, reason, nonce, votes_needed, expires_at, digest, state_reason, investigation_reason)
       VALUES ($1, 'freeze-zone', 'P1', $2, $3, 1, $4, $2, $5, $6, '1', $7, $8, $8, $9, 1, now() + interval '15 minutes', $10, $8, $8)`,
      [
        id,
        JSON.stringify({ zoneId: marker }),
        JSON.stringify([marker]),
        sha,
        JSON.stringify({ sentence: marker, figures: [] }),
        ids.incident,
        by,
        marker,
        randomUUID(),
        createHash("sha256").update(String(n)).digest("hex"),
      ],
    );
  await say(
    `INSERT INTO approval_votes (request_id, requester_id, digest, voter_id, voter_name, voter_roles, vote, comment, expires_at)
     SELECT id, requester_id, digest, $2, $3, '{approver}', 'approve', $3, now() + interval '15 minutes' FROM approval_requests WHERE id = $1`,
    [ids.approval, voter.actor.id, marker],
  );
  const runColumns = `id, playbook, state, zone_id, zone_name, zone_slug, subject_id, scope, subject_type, from_kind, from_id, reason,
       created_by_id, created_by_name, driver_id, driver_name, incident_id, proof, approval_id`;
  await say(
    `INSERT INTO playbook_runs (${runColumns}) VALUES
       ($1, 'revoke-session', 'verify', 'zone-1', $2, $2, $2, 'subject', 'user', 'subject', $2, $2, ${who}, ${who}, $3, NULL, NULL),
       (gen_random_uuid(), 'revoke-session', 'verify', 'zone-1', $2, $2, NULL, 'zone', 'scope', 'approval', $2, $2, ${who}, ${who}, $3, $4, $5)`,
    [ids.run, marker, ids.incident, JSON.stringify({ summary: marker, targets: [] }), ids.wide],
  );
  await say("INSERT INTO playbook_log (run_id, seq, actor_name, kind, text) VALUES ($1, 1, $2, 'started', $2)", [
    ids.run,
    marker,
  ]);
  await say(
    `INSERT INTO guided_runs (id, playbook, incident_id, zone_id, zone_name, reason, created_by_id, created_by_name, driver_id, driver_name)
     VALUES ($1, 'audit-tampering', $2, 'zone-1', $3, $3, ${who}, ${who})`,
    [ids.guided, ids.incident, marker],
  );
  await say(
    "INSERT INTO guided_steps (run_id, step, outcome, by_id, by_name, reason, seen) VALUES ($1, 'detect', 'done', 'x', $2, $2, $2)",
    [ids.guided, marker],
  );
  await say(
    "INSERT INTO guided_checks (run_id, step, item, by_id, by_name, note) VALUES ($1, 'preserve', 'stream', 'x', $2, $2)",
    [ids.guided, marker],
  );
  await say(
    `INSERT INTO zone_freezes (id, zone_id, zone_name, incident_id, approval_id, state, planned, before, frozen_by_id, frozen_by_name, reason)
     VALUES ($1, 'zone-1', $2, $3, $4, 'frozen', '[]', '[]', ${who}, $2)`,
    [ids.freeze, marker, ids.incident, ids.freezeApproval],
  );
  await say(
    `INSERT INTO key_jobs (id, kind, approval_id, incident_id, to_kek, reason, requested_by_id, requested_by_name) VALUES ($1, 'rotate', $2, $3, 'aaaaaaaaaaaaaaaa', $4, ${who})`,
    [ids.job, ids.approval, ids.incident, marker],
  );
  await say(
    "INSERT INTO post_mortems (incident_id, sections, updated_by_id, updated_by_name) VALUES ($1, $2, $3, $4)",
    [ids.incident, JSON.stringify({ cause: marker }), by, marker],
  );
  await say("INSERT INTO follow_ups (id, incident_id, title) VALUES ($1, $2, $3)", [
    ids.followUp,
    ids.incident,
    marker,
  ]);
  await say(
    `WITH n AS (INSERT INTO notices (key, kind, incident_id, severity, sentence, path, planned_at) VALUES ($1, 'incident-declared', $2, 'P1', $1, '/', now()) RETURNING id)
     INSERT INTO notification_deliveries (notice_id, incident_id, tier, step, channel, severity, escalation, state, due_at, finished_at, reason)
     SELECT id, $2, 'on-call', 1, 'mail', 'P1', false, 'failed', now(), now(), $1 FROM n`,
    [marker, ids.incident],
  );
  await say(
    `INSERT INTO evidence_items (id, incident_id, reason, scope, zone_id, state, requested_by_id, requested_by_name, finished_at, error)
     VALUES ($1, $2, $3, '{"parts": [], "stores": []}', 'zone-1', 'partial', ${who}, now(), $3)`,
    [ids.item, ids.incident, marker],
  );
  await say(
    "INSERT INTO redrive_runs (id, stream, target, state, incident_id, reason, last_id, requested_by_id, requested_by_name) VALUES ($1, 'caracal.audit.events.dlq', 'caracal.audit.events', 'classifying', $2, $3, '1-1', $4, $3)",
    [ids.redrive, ids.incident, marker, by],
  );
  await say(
    "INSERT INTO stream_acts (id, kind, stream, group_name, consumer, ids, before, incident_id, reason, by_id, by_name) VALUES ($1, 'claim', 's', 'g', $2, '{1-1}', '[]', $3, $2, $4, $2)",
    [ids.act, marker, ids.incident, by],
  );
  await say(
    "INSERT INTO outbox_requeues (id, outbox, ids, before, incident_id, approval_id, reason, by_id, by_name) VALUES ($1, 'event_outbox', '{o1}', '[]', $2, $3, $4, $5, $4)",
    [ids.requeue, ids.incident, ids.approval, marker, by],
  );
  await say(
    `INSERT INTO service_restarts (id, order_id, place, target, replicas, adapter, command, incident_id, reason, requested_by_id, requested_by_name, before)
     VALUES ($1, $4, 1, $2, ARRAY[$2], 'manual', $2, $3, $2, ${who}, '{}')`,
    [ids.restart, marker, ids.incident, ids.order],
  );
  await say(
    `WITH w AS (INSERT INTO incident_watches (incident_id, series, label, pinned_by_id, pinned_by_name) VALUES ($1, 'total:pending', $2, ${who}) RETURNING id)
     INSERT INTO incident_watch_samples SELECT id, now(), 1 FROM w`,
    [ids.incident, marker],
  );
}
