import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Client } from "pg";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { tellClocks } from "@/server/incidents/clocks";
import { declareIn } from "@/server/incidents/declare-incident";
import { getIncident } from "@/server/incidents/get-incident";
import { moveIncident } from "@/server/incidents/move-incident";
import type { Repeating } from "@/server/jobs/repeat";
import type { Signal, Snapshot } from "@/server/live/snapshot";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { acknowledgeSignal, openSignalMarks, snoozeSignal } from "@/server/signals/mark-signal";
import { createSignalRecorder } from "@/server/signals/signal-recorder";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

let console_: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
let owner: Client;
let dana: Actor;
const running: Repeating[] = [];

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  db = openDatabase({ url: console_.url, label: "console", max: 8, statementTimeoutMs: 5_000 });
  owner = new Client({ connectionString: console_.migrateUrl });
  await owner.connect();
  dana = await newPerson(db, "dana", ["responder"], "Dana");
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});
afterAll(async () => {
  await owner.end();
  await db.close();
  await console_.drop();
});

const signal = (given: Partial<Signal> & Pick<Signal, "key">): Signal => ({
  rule: "service-not-ready",
  severity: "P1",
  sentence: `${given.key} is wrong`,
  meaning: "It is wrong.",
  since: Date.now() - 60_000,
  figures: [{ name: "replicas", value: 2, source: "/ready" }],
  series: null,
  action: null,
  noise: null,
  declaredBy: null,
  stale: false,
  ...given,
});

/** A deployment as the collector would show it, changed by the test. */
function arrange() {
  const state: { signals: Signal[]; redis: "ok" | "stale" } = { signals: [], redis: "ok" };
  const source = (id: string, status: "ok" | "stale") => ({
    id,
    label: id,
    status,
    okAt: 1,
    failingSince: null,
    reason: null,
  });
  const snapshot = (): Snapshot => ({
    at: Date.now(),
    deployment: "acme",
    release: null,
    sources: [source("caracal-postgres", "ok"), source("console-postgres", "ok"), source("caracal-redis", state.redis)],
    streams: [],
    replicas: [],
    signals: state.signals,
    counts: {},
    unseen: [],
  });
  const collector = { snapshot, subscribe: () => () => undefined };
  const start = () => {
    const recorder = createSignalRecorder({ db, collector, autoDeclare: true, everyMs: 20, goneMs: 60, startMs: 0 });
    running.push(recorder);
    recorder.start();
    return recorder;
  };
  return { state, start };
}

const incidentsOf = (key: string) =>
  db.query<{ id: string; severity: string }>(
    "SELECT i.id, i.severity FROM incident_keys k JOIN incidents i ON i.id = k.incident_id WHERE k.dedupe_key = $1 ORDER BY i.number",
    [key],
  );
const told = async (incidentId: string) =>
  (
    await db.query<{ kind: string }>("SELECT kind FROM timeline_entries WHERE chain = $1 ORDER BY seq", [incidentId])
  ).map(({ kind }) => kind);
const until = (what: () => Promise<unknown>) => expect.poll(what, { timeout: 10_000, interval: 20 });

test("two replicas record a P1 once, declare once, and tell its clearing; a successor takes over", async () => {
  const { state, start } = arrange();
  const recorders = [start(), start()];
  state.signals = [signal({ key: "sts:all-down", rule: "jwks-differs" })];
  await until(async () => (await incidentsOf("sts:all-down")).length).toBe(1);
  const [incident] = await incidentsOf("sts:all-down");
  const id = incident?.id ?? "";
  expect(await told(id)).toEqual(["incident.declared", "signal.fired"]);
  const notices = await db.query("SELECT tags FROM notices WHERE incident_id = $1", [id]);
  expect(notices).toEqual([{ tags: ["key-compromise"] }]);

  const [lease] = await db.query<{ holder: string }>("SELECT holder FROM leases WHERE name = 'signals'");
  await recorders[0]?.stop();
  await recorders[1]?.stop();
  await owner.query("UPDATE leases SET until = now() - interval '1 s' WHERE name = 'signals'");
  start();
  state.signals = [];
  await until(() => told(id)).toEqual(["incident.declared", "signal.fired", "signal.cleared"]);
  const [after] = await db.query<{ holder: string }>("SELECT holder FROM leases WHERE name = 'signals'");
  expect(after?.holder).not.toBe(lease?.holder);
});

test("a repeat folds into the open incident; after its resolution it makes a new one", async () => {
  await owner.query("DELETE FROM leases");
  const { state, start } = arrange();
  start();
  const flapping = signal({ key: "chain:payments" });
  const openNow = async () =>
    (await db.query("SELECT 1 FROM signal_records WHERE key = $1 AND cleared_at IS NULL", [flapping.key])).length;
  state.signals = [flapping];
  await until(openNow).toBe(1);
  state.signals = [];
  await until(openNow).toBe(0);
  state.signals = [flapping];
  await until(openNow).toBe(1);
  const [incident] = await incidentsOf(flapping.key);
  await until(() => told(incident?.id ?? "")).toEqual([
    "incident.declared",
    "signal.fired",
    "signal.cleared",
    "signal.fired",
  ]);
  state.signals = [];
  await until(openNow).toBe(0);
  await moveIncident({
    ctx: { db, actor: dana },
    input: { incidentId: incident?.id ?? "", event: "resolve", reason: "Over" },
  });
  state.signals = [flapping];
  await until(async () => (await incidentsOf(flapping.key)).length).toBe(2);
});

test("what gets worse is told with its figures; lesser signals and known noise declare nothing", async () => {
  await owner.query("DELETE FROM leases");
  const { state, start } = arrange();
  start();
  state.signals = [signal({ key: "dlq", severity: "P2" }), signal({ key: "noise", noise: "trap 8" })];
  await until(async () => (await db.query("SELECT 1 FROM signal_records WHERE key IN ('dlq', 'noise')")).length).toBe(
    2,
  );
  expect(await incidentsOf("dlq")).toEqual([]);
  state.signals = [signal({ key: "dlq", severity: "P1" }), signal({ key: "noise", noise: "trap 8" })];
  await until(async () => (await incidentsOf("dlq")).length).toBe(1);
  expect(await incidentsOf("noise")).toEqual([]);
  const view = await getIncident({
    ctx: { db, actor: dana },
    input: { incidentId: (await incidentsOf("dlq"))[0]?.id ?? "" },
  });
  expect(view.signals[0]?.readings.map(([, value]) => value)).toEqual([2, 2]);
});

test("while Redis does not answer nothing counts as cleared", async () => {
  await owner.query("DELETE FROM leases");
  const { state, start } = arrange();
  start();
  state.signals = [signal({ key: "spool", severity: "P2" })];
  const openNow = async () =>
    (await db.query("SELECT 1 FROM signal_records WHERE key = 'spool' AND cleared_at IS NULL")).length;
  await until(openNow).toBe(1);
  state.redis = "stale";
  state.signals = [signal({ key: "later", severity: "P2" })]; // recorded after the spool was gone: a turn has passed
  await until(async () => (await db.query("SELECT 1 FROM signal_records WHERE key = 'later'")).length).toBe(1);
  state.signals = [];
  const [{ turns } = { turns: 0 }] = await db.query<{ turns: number }>(
    "SELECT extract(epoch FROM until)::float8 AS turns FROM leases",
  );
  await until(
    async () =>
      (
        await db.query<{ ok: boolean }>("SELECT extract(epoch FROM until)::float8 > $1 + 0.2 AS ok FROM leases", [
          turns,
        ])
      )[0]?.ok,
  ).toBe(true);
  expect(await openNow()).toBe(1);
  state.redis = "ok";
  await until(openNow).toBe(0);
});

test("acknowledging and snoozing: once, on record, and gone with the signal", async () => {
  const inserted = await owner.query<{ id: string }>(
    "INSERT INTO signal_records (key, rule, severity, sentence, began_at) VALUES ('lag', 'pel-lag', 'P3', 'Lag', now()) RETURNING id",
  );
  const ctx = { db, actor: dana };
  await acknowledgeSignal({ ctx, input: { key: "lag", comment: "on it" } });
  await expect(acknowledgeSignal({ ctx, input: { key: "lag", comment: "" } })).rejects.toMatchObject({
    code: "conflict",
  });
  await snoozeSignal({ ctx, input: { key: "lag", minutes: 30, reason: "Known and harmless" } });
  const mark = (await openSignalMarks({ ctx })).find(({ key }) => key === "lag");
  expect(mark).toMatchObject({
    acked: { by: "Dana", comment: "on it" },
    snoozed: { by: "Dana", reason: "Known and harmless" },
    incident: null,
  });
  await owner.query("UPDATE signal_records SET cleared_at = now() WHERE id = $1", [inserted.rows[0]?.id]);
  await expect(snoozeSignal({ ctx, input: { key: "lag", minutes: 30, reason: "Again" } })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("clocks warn and breach once each, however many replicas look at once", async () => {
  const { incidentId } = await db.transaction((tx) =>
    declareIn(tx, dana, { title: "Late", severity: "P1", origin: "by-hand" }),
  );
  const move = (sql: string) =>
    owner.query(`UPDATE incident_clocks SET ${sql} WHERE incident_id = $1 AND met_at IS NULL`, [incidentId]);
  await tellClocks(db);
  expect(await told(incidentId)).toEqual(["incident.declared"]);
  await move("warn_at = now() - interval '1 s'");
  await Promise.all(Array.from({ length: 6 }, () => tellClocks(db)));
  await move("due_at = now() - interval '1 s', warn_at = now() - interval '2 s'");
  await Promise.all(Array.from({ length: 6 }, () => tellClocks(db)));
  expect(await told(incidentId)).toEqual(["incident.declared", "clock.warned", "clock.breached"]);
  const notices = await db.query<{ kind: string }>(
    "SELECT kind FROM notices WHERE incident_id = $1 ORDER BY created_at",
    [incidentId],
  );
  expect(notices.map(({ kind }) => kind)).toEqual(["incident-declared", "clock-warning", "clock-breached"]);
  const view = await getIncident({ ctx: { db, actor: dana }, input: { incidentId } });
  expect(view.nextClock?.state).toBe("breached");
});
