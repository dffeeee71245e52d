import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import type { Actor } from "@/server/auth/roles";
import { restrictIncident } from "@/server/incidents/assign";
import { declareIncident } from "@/server/incidents/declare-incident";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { moveIncident } from "@/server/incidents/move-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { listRuns } from "@/server/playbooks/list-runs";
import { incidentOfRun } from "@/server/playbooks/run-incident";
import { appendLog, runLog } from "@/server/playbooks/run-log";
import { visibleRuns } from "@/server/playbooks/visible-runs";
import { consoleChain } from "@/server/timeline/append-entries";

let made: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
let dana: Actor;
let remy: Actor;
const zone = { id: "z1", name: "Payments" };

/** A run as startRun stores it, with what it says first. */
async function start(actor: Actor, subject: string, incidentId: string | null = null) {
  const runId = randomUUID();
  const incident = await db.transaction(async (tx) => {
    const id = await incidentOfRun(tx, actor, incidentId, { zone, subject });
    await tx.query(
      `INSERT INTO playbook_runs (id, playbook, state, zone_id, zone_name, zone_slug, subject_id, subject_type, from_kind, from_id,
                                  created_by_id, created_by_name, driver_id, driver_name, step_times, incident_id)
       VALUES ($1, 'revoke-session', 'identify', 'z1', 'Payments', 'payments', $2, 'user', 'subject', $2, $3, $4, $3, $4, '{}', $5)`,
      [runId, subject, actor.id, actor.name, id],
    );
    await appendLog(tx, runId, actor, [{ kind: "started", text: "Started" }]);
    return id;
  });
  return { runId, incident };
}
const say = (runId: string) => db.transaction((tx) => appendLog(tx, runId, null, [{ kind: "observed", text: "Seen" }]));
const ofRuns = async (chain: string) =>
  (
    await db.query<{ kind: string }>(
      "SELECT kind FROM timeline_entries WHERE chain = $1 AND kind LIKE 'playbook.%' ORDER BY seq",
      [chain],
    )
  ).map(({ kind }) => kind);
const move = (incidentId: string, event: "resolve" | "close") =>
  moveIncident({ ctx: { db, actor: dana }, input: { incidentId, event, reason: "Over" } });

beforeAll(async () => {
  made = await freshConsoleDatabase();
  db = openDatabase({ url: made.url, label: "console", max: 12, statementTimeoutMs: 5_000 });
  const person = (username: string) => newPerson(db, username, ["responder"]);
  dana = await person("dana");
  remy = await person("remy");
});
afterAll(async () => {
  await db.close();
  await made.drop();
});

test("ten runs about one subject at once declare one P2, and each line is on its record", async () => {
  const started = await Promise.all(Array.from({ length: 10 }, () => start(dana, "agent-1")));
  const [first] = started;
  if (first === undefined) throw new Error("nothing started");
  expect(new Set(started.map(({ incident }) => incident)).size).toBe(1);
  await say(first.runId);
  expect(await ofRuns(first.incident)).toEqual([...Array<string>(10).fill("playbook.started"), "playbook.observed"]);
});

test("a run goes on when its incident is closed, on the console's record, and follows a merge", async () => {
  const { runId, incident } = await start(dana, "agent-2");
  await db.query("UPDATE playbook_runs SET state = 'abandoned' WHERE id = $1", [runId]);
  await move(incident, "resolve");
  await move(incident, "close");
  await say(runId);
  expect(await ofRuns(incident)).toEqual(["playbook.started"]);
  expect(await ofRuns(consoleChain)).toEqual(["playbook.observed"]);

  const other = await start(dana, "agent-3");
  const { incidentId: into } = await declareIncident({
    ctx: { db, actor: dana },
    input: declareIncidentInput.parse({ title: "The whole", severity: "P2" }),
  });
  await mergeIncidents({
    ctx: { db, actor: dana },
    input: { incidentId: other.incident, intoId: into, reason: "Same" },
  });
  await say(other.runId);
  expect(await ofRuns(into)).toEqual(["playbook.observed"]);
  expect((await start(remy, "agent-3")).incident).toBe(into); // its key went over too
});

test("a run of a restricted incident is not there for others; their own run about the subject gets another incident", async () => {
  const { runId, incident } = await start(dana, "agent-4");
  await restrictIncident({
    ctx: { db, actor: dana },
    input: { incidentId: incident, restricted: true, reason: "Insider" },
  });
  expect(await visibleRuns(db, remy, [runId])).toEqual([]);
  await expect(runLog({ ctx: { db, actor: remy }, input: { runId, afterSeq: 0, limit: 10 } })).rejects.toMatchObject({
    code: "not_found",
  });
  const list = async (actor: Actor) =>
    (await listRuns({ ctx: { db, actor }, input: { limit: 100 } })).rows.map(({ id }) => id);
  expect(await list(remy)).not.toContain(runId);
  expect(await list(dana)).toContain(runId);
  const own = await start(remy, "agent-4");
  expect(own.incident).not.toBe(incident);
  await expect(start(remy, "agent-4", incident)).rejects.toMatchObject({ code: "not_found" });
});
