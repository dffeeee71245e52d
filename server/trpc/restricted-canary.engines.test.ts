import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshCaracalDatabase, freshConsoleDatabase, freshRedis } from "@/sandbox/engines/test-databases";
import { newPerson } from "@/sandbox/new-person";
import type { Actor, Role } from "@/server/auth/roles";
import { openSignIn } from "@/server/auth/sign-ins";
import type { Database } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";
import { appRouter } from "@/server/routers/app-router";
import { composeConsole, type Console } from "@/server/runtime/console";
import { answerDownload } from "@/server/trpc/answer-files";
import { answerEvidence } from "@/server/trpc/answer-evidence";
import { answerArchiveExport, answerExport, answerWindowExport } from "@/server/trpc/answer-export";
import type { TRPCContext } from "@/server/trpc/context";
import { t } from "@/server/trpc/init";
import { appendEntries } from "@/server/timeline/append-entries";

/** Stands in every text that an incident can hold; nobody from outside may ever be sent it. */
const marker = "canary-7f3a9c";
const ids = Object.fromEntries(
  [
    "incident",
    "absorbed",
    "gone",
    "run",
    "guided",
    "approval",
    "freezeApproval",
    "wide",
    "job",
    "freeze",
    "item",
    "redrive",
    "act",
    "requeue",
    "restart",
    "file",
    "followUp",
  ].map((name) => [name, randomUUID()]),
) as Record<string, string>;

/** Tables of an incident that hold no text of its own, or whose text everybody may know. */
const withoutText = new Set([
  "incident_clocks",
  "incident_pins",
  "incident_signals", // signals are what everybody sees on Now
  "break_glass", // everybody is told
  "break_glass_open",
]);

let parts: Awaited<ReturnType<typeof open>>;
type Person = { readonly actor: Actor; readonly signInId: string };

async function open() {
  const [own, theirs, redis] = await Promise.all([freshConsoleDatabase(), freshCaracalDatabase(), freshRedis()]);
  const console = composeConsole(
    readSettings({
      CONSOLE_DATABASE_URL: own.url,
      CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
      CARACAL_DATABASE_URL: theirs.url,
      CARACAL_REDIS_URL: redis.url,
    }),
  );
  const person = async (name: string, roles: readonly Role[]): Promise<Person> => {
    const actor = await newPerson(console.db, name, roles);
    const input = { personId: actor.id, method: "local", userAgent: null, address: null } as const;
    return { actor, signInId: await openSignIn({ db: console.db, input }) };
  };
  return {
    console,
    insider: await person("sol", ["security", "responder"]),
    outsider: await person("otto", ["viewer", "responder", "approver", "compliance"]),
    async close() {
      await Promise.allSettled([console.db.close(), console.caracal.close()]);
      await Promise.all([own.drop(), theirs.drop(), redis.drop()]);
    },
  };
}

/** One restricted incident with the marker wherever its parts hold text. */
async function seed(db: Database, { actor: { id: by } }: Person): Promise<void> {
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
    [ids.approval, parts.outsider.actor.id, marker],
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
     VALUES ($1, $1, 1, $2, ARRAY[$2], 'manual', $2, $3, $2, ${who}, '{}')`,
    [ids.restart, marker, ids.incident],
  );
  await say(
    `WITH w AS (INSERT INTO incident_watches (incident_id, series, label, pinned_by_id, pinned_by_name) VALUES ($1, 'total:pending', $2, ${who}) RETURNING id)
     INSERT INTO incident_watch_samples SELECT id, now(), 1 FROM w`,
    [ids.incident, marker],
  );
}

beforeAll(async () => {
  parts = await open();
  await seed(parts.console.db, parts.insider);
  await parts.console.collector.sampleNow();
}, 120_000);
afterAll(() => parts?.close());

const now = Date.now();
/** Every input of every query in one: each schema takes what it knows. */
const plausible = {
  ...{
    incidentId: ids.incident,
    runId: ids.run,
    approvalId: ids.approval,
    jobId: ids.job,
    freezeId: ids.freeze,
    itemId: ids.item,
  },
  ...{
    checkId: randomUUID(),
    comparisonId: randomUUID(),
    zoneId: "zone-1",
    applicationId: "a",
    subjectId: marker,
    sessionId: "s",
  },
  ...{
    since: new Date(now - 3_600_000).toISOString(),
    until: new Date(now).toISOString(),
    id: "e1",
    eventId: "e1",
    occurredAt: new Date(now).toISOString(),
  },
  ...{
    stream: "caracal.audit.events.dlq",
    group: "g",
    entryId: "1-1",
    outbox: "event_outbox",
    keys: [],
    minutes: 15,
    severity: "P1",
  },
  ...{ action: "freeze-zone", parameters: { zoneId: "zone-1" }, limit: 50 },
} as const;
/** What a query wants beside that, or instead. */
const own: Readonly<Record<string, readonly object[]>> = {
  "approvals.list": [{ show: "all" }, { show: "all", incidentId: ids.incident }],
  "incidents.list": [{ show: "all", text: marker }, { show: "open" }, { show: "closed" }],
  "incidents.get": [{}, { incidentId: ids.absorbed }, { incidentId: ids.gone }],
  "incidents.timeline": [{}, { incidentId: ids.gone }],
  "guided.run": [{ runId: ids.guided }],
  "playbooks.fleet": [{ approvalId: ids.wide }],
  "redrive.run": [{ runId: ids.redrive }],
  "redrive.groups": [{ runId: ids.redrive }],
  "redrive.entries": [{ runId: ids.redrive }],
  "outbox.rows": [{ state: "waiting" }],
  "streams.acts": [{ stream: "s" }],
  "postMortems.get": [{}, { incidentId: ids.gone }],
  "vault.list": [{}, { incidentId: null }],
};

const contextOf = ({ actor, signInId }: Person): TRPCContext => ({
  actor,
  signInId,
  requestId: "r",
  request: null,
  console: parts.console as Console,
});
const queries = Object.entries(appRouter._def.procedures as Record<string, unknown>).flatMap(([path, found]) =>
  (found as { _def: { type: string } })._def.type === "query" ? [path] : [],
);

/** What a call sends back, refusals too, as text. @throws when the input was not understood: then nothing was tried */
async function heard(person: Person, path: string, more: object): Promise<string> {
  const [group = "", name = ""] = path.split(".");
  const caller = t.createCallerFactory(appRouter)(contextOf(person)) as unknown as Record<
    string,
    Record<string, (input: object) => Promise<unknown>>
  >;
  try {
    return JSON.stringify((await caller[group]?.[name]?.({ ...plausible, ...more })) ?? null);
  } catch (error) {
    const { code, message, cause } = error as { code?: string; message: string; cause?: unknown };
    if (message.startsWith("The request was not understood"))
      throw new Error(`${path}: ${message} Add it to what is plausible here.`);
    return JSON.stringify({ code, message, facts: (cause as { facts?: unknown } | undefined)?.facts });
  }
}

test("every table that belongs to an incident holds the marker", async () => {
  const tables = await parts.console.db.query<{ name: string; col: string }>(
    `SELECT c.relname AS name, a.attname AS col FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] WHERE k.contype = 'f' AND k.confrelid = 'incidents'::regclass ORDER BY 1`,
  );
  const bare: string[] = [];
  for (const { name, col } of tables) {
    if (withoutText.has(name)) continue;
    const rows = await parts.console.db.query(
      `SELECT 1 FROM "${name}" r WHERE r."${col}" = $1 AND to_jsonb(r)::text LIKE '%' || $2 || '%'`,
      [ids.incident, marker],
    );
    if (rows.length === 0 && name !== "incident_roles" && name !== "incident_members") bare.push(name);
  }
  expect(bare).toEqual([]); // a new one is seeded above, or stands in withoutText with why
});

test("the canary sings: to somebody who may see the incident the marker comes from these queries", async () => {
  const sang: string[] = [];
  for (const path of queries)
    for (const more of own[path] ?? [{}])
      if ((await heard(parts.insider, path, more)).includes(marker)) {
        sang.push(path);
        break;
      }
  expect(sang).toEqual(
    expect.arrayContaining([
      ...[
        "approvals.get",
        "approvals.list",
        "brakes.freeze",
        "brakes.freezes",
        "guided.run",
        "guided.runs",
        "incidents.get",
      ],
      ...["incidents.list", "incidents.timeline", "keys.job", "keys.jobs", "notifications.deliveries", "playbooks.log"],
      ...[
        "playbooks.run",
        "playbooks.runs",
        "postMortems.get",
        "postMortems.list",
        "vault.get",
        "vault.list",
        "watches.list",
      ],
    ]),
  );
});

test.each(queries)("%s tells nobody from outside", async (path) => {
  for (const more of own[path] ?? [{}]) expect(await heard(parts.outsider, path, more)).not.toContain(marker);
});

test("the live feed tells nobody from outside, whichever run they name", async () => {
  const caller = t.createCallerFactory(appRouter)(contextOf(parts.outsider));
  const feed = await caller.system.live({ runs: [ids.run ?? ""], lastEventId: null });
  const seen: string[] = [];
  for await (const event of feed) {
    seen.push(JSON.stringify(event));
    if (seen.length >= 2) break;
  }
  expect(seen.join()).not.toContain(marker);
  expect(seen.length).toBe(2);
});

test("no export and no download tells anybody from outside", async () => {
  const place = (query = "") =>
    new Request(`http://console/x?${query}`, { headers: { "sec-fetch-site": "same-origin" } });
  const as = (person: Person) => async () => contextOf(person);
  const answers = async (person: Person): Promise<string[]> => {
    const made = await Promise.all([
      ...["json", "markdown", "html", "bundle"].flatMap((format) =>
        ["full", "shared"].map((profile) =>
          answerExport(place(`format=${format}&profile=${profile}`), ids.incident ?? "", as(person)),
        ),
      ),
      answerExport(place("format=json&profile=full"), ids.gone ?? "", as(person)),
      answerWindowExport(
        place(`since=${plausible.since}&until=${plausible.until}&incidentId=${ids.incident}`),
        as(person),
      ),
      answerArchiveExport(place(), ids.redrive ?? "", as(person)),
      answerDownload(place(`file=${ids.file}`), ids.incident ?? "", as(person)),
      answerEvidence(place("file=manifest.json"), ids.item ?? "", as(person)),
    ]);
    return Promise.all(made.map((answer) => answer.text()));
  };
  expect((await answers(parts.outsider)).join("\n")).not.toContain(marker);
  expect((await answers(parts.insider)).join("\n")).toContain(marker);
});
