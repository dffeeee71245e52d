import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { newPerson } from "@/sandbox/new-person";
import { eventually } from "@/sandbox/stand-in-witness";
import { drills } from "@/sandbox/supervisor/drills";
import type { Actor } from "@/server/auth/roles";
import { openRedis } from "@/server/caracal/redis";
import type { Repeating } from "@/server/jobs/repeat";
import { kekFromSettings } from "@/server/keys/kek-source";
import { readSpools } from "@/server/keys/spools";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun } from "@/server/playbooks/guided/guided-views";
import { createSpoolNoter } from "@/server/playbooks/guided/note-spools";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";
import { tickCheck } from "@/server/playbooks/guided/tick-check";
import type { AboutService } from "@/server/playbooks/guided/schemas";
import { openAdapter } from "@/server/services/adapter/open-adapter";
import { hearConsumers } from "@/server/services/hearing/hear-consumers";
import { createOutageKeeper } from "@/server/services/outages/outage-keeper";
import { readServiceLogs } from "@/server/services/read-logs";
import { orderRestart } from "@/server/services/restarts/order-restart";
import { createRestartWorker } from "@/server/services/restarts/restart-worker";
import { viewServices } from "@/server/services/services-view";

/** The playbook of a service that is away, on the stand-in's real processes. */
let attached: AttachedConsole;
let deployment: AttachedConsole["deployment"];
let remy: Actor;
let background: Repeating[];

beforeAll(async () => {
  attached = await attachConsole({ services: true });
  ({ deployment } = attached);
  remy = await newPerson(attached.db, "remy", ["responder"], "Remy");
  background = [
    createOutageKeeper(attached),
    createRestartWorker({ ...ctx(), holder: `console:${randomUUID()}` }),
    createSpoolNoter(attached),
  ];
  for (const part of background) part.start();
});
afterEach(async () => {
  await drills.restore?.run(deployment);
});
afterAll(async () => {
  await Promise.all((background ?? []).map((part) => part.stop()));
  await attached?.close();
});

const ctx = () => ({
  db: attached.db,
  caracal: attached.caracal,
  keks: kekFromSettings(attached.settings),
  adapter: openAdapter(
    attached.settings,
    attached.caracal.replicas.map(({ id }) => id),
  ),
  actor: remy,
});
const start = async (service: AboutService): Promise<string> =>
  (
    await startGuided({
      ctx: ctx(),
      input: { playbook: "service-outage", service, reason: "It is away", drill: false },
    })
  ).runId;
const view = (runId: string) => getGuidedRun({ ctx: ctx(), input: { runId } });
const settle = (runId: string, step: string, more: { skip?: boolean; reason?: string } = {}) =>
  settleStep({ ctx: ctx(), input: { runId, step, skip: more.skip ?? false, reason: more.reason ?? null } });
const skip = (runId: string, step: string) => settle(runId, step, { skip: true, reason: "Not of this test" });
const restart = async (runId: string, replica: string) => {
  await orderRestart({ ctx: ctx(), input: { replica, runId, reason: "It is down" } });
  await eventually(async () => {
    const { rows } = await viewServices({ ctx: ctx(), input: {} });
    expect(rows.find((row) => row.replica === replica)?.restart?.state).toBe("proved");
  }, 60_000);
};
/** Has so many events wait in a replica's spool, with Redis up again. */
async function spooled(replica: string, events: number): Promise<void> {
  await deployment.redis.stop();
  await eventually(async () => expect((await attached.witness.answer(replica, "/ready")).status).toBe(503));
  for (let n = 0; n < events; n += 1) await attached.witness.mint(replica, 0, {});
  await eventually(async () => {
    const spool = (await readSpools(attached.caracal)).find((one) => one.replica === replica);
    expect(spool?.pending).toBe(events);
  });
  await deployment.redis.start();
  await eventually(async () => expect((await attached.witness.answer(replica, "/ready")).status).toBe(200), 20_000);
}
const entryOf = async (runId: string, text: string) => {
  const [row] = await attached.db.query<{ summary: string; details: { figures?: { name: string; value: unknown }[] } }>(
    `SELECT summary, details FROM timeline_entries WHERE chain = (SELECT incident_id FROM guided_runs WHERE id = $1) AND summary LIKE $2 ORDER BY seq DESC LIMIT 1`,
    [runId, `%${text}%`],
  );
  return row;
};

test("nothing is down: the playbook says so and does not begin by itself", async () => {
  const runId = await start("gateway");
  await expect(settle(runId, "detect")).rejects.toThrow(/Nothing is wrong that can be seen/);
  const steps = (await view(runId)).steps.map(({ id }) => id);
  expect(steps).toContain("consumers");
  expect(steps).not.toContain("spool"); // it is no STS
  await expect(
    startGuided({ ctx: ctx(), input: { playbook: "service-outage", reason: "No service", drill: false } }),
  ).rejects.toThrow(/choose it/);
});

test("STS killed with events in its spool: restarted plainly, evidence proved, window to the second on the record", async () => {
  await spooled("sts-1", 2);
  const runId = await start("sts");
  expect((await view(runId)).steps.find(({ id }) => id === "detect")?.probe?.done).not.toBeNull();
  await deployment.service("sts-1").kill();
  const downAt = Date.now();
  await eventually(() => settle(runId, "detect"), 20_000);
  expect((await entryOf(runId, "See what is down"))?.summary).toContain("sts-1: connection refused");
  await settle(runId, "impact");
  expect((await entryOf(runId, "keeps working"))?.summary).toMatch(
    /newest per-call mandate runs out: (\d\d:\d\d:\d\d UTC|none lives)/,
  );
  const { lines } = await readServiceLogs({ ctx: ctx(), input: { replica: "sts-2", lines: 50, runId } });
  expect(Array.isArray(lines)).toBe(true);
  await settle(runId, "logs", { reason: "Killed from outside" });
  await settle(runId, "dependencies");
  await expect(settle(runId, "restart")).rejects.toThrow(/sts-1: connection refused/);
  await restart(runId, "sts-1");
  await settle(runId, "restart");
  await settle(runId, "serve");

  await expect(settle(runId, "consumers")).rejects.toThrow(/not asked in this run yet/);
  await hearConsumers({ ctx: ctx(), input: { runId, kind: "sts" } });
  await settle(runId, "consumers");

  await eventually(() => settle(runId, "spool"), 20_000);
  expect((await entryOf(runId, "audit spools"))?.summary).toContain("All 2 that waited were replayed.");
  await settle(runId, "dropped");
  expect((await entryOf(runId, "Count what was dropped"))?.summary).toContain("No audit event is known to be dropped");

  await eventually(() => settle(runId, "window"), 20_000);
  const window = await entryOf(runId, "outage window");
  expect(window?.summary).toMatch(
    /sts-1 down from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(last ready \d\d:\d\d:\d\d UTC\), ready again/,
  );
  const began = window?.details.figures?.find(({ name }) => name === "sts-1 down") as { at?: string } | undefined;
  expect(Math.abs(Date.parse(began?.at ?? "") - downAt)).toBeLessThan(10_000);
  await settle(runId, "compliance"); // nothing was lost
  await finishGuided({ ctx: ctx(), input: { runId } });
  expect((await view(runId)).state).toBe("done");
}, 180_000);

test("a spool lost with its container is not proved, and compliance has to be told", async () => {
  await spooled("sts-2", 1);
  const runId = await start("sts");
  await drills["recreate-sts"]?.run(deployment);
  for (const step of ["detect", "impact", "logs", "dependencies"]) await skip(runId, step);
  await eventually(() => settle(runId, "restart"), 20_000);
  await eventually(() => settle(runId, "serve"), 20_000);
  await skip(runId, "consumers");
  await expect(settle(runId, "spool")).rejects.toThrow(
    /sts-2 replayed 0 of the 1 that were seen waiting: the rest may be lost/,
  );
  await settle(runId, "spool", { skip: true, reason: "Recreated by an image change: lost" });
  await settle(runId, "dropped");
  await skip(runId, "window");
  await expect(settle(runId, "compliance")).rejects.toThrow(
    /Compliance has to be told: what waited in spools was not proved/,
  );
  await tickCheck({ ctx: ctx(), input: { runId, step: "compliance", item: "compliance", note: "Cleo, by telephone" } });
  await settle(runId, "compliance");
  expect((await entryOf(runId, "Tell compliance"))?.summary).toContain("Remy told compliance: Cleo, by telephone");
}, 120_000);

test("an STS that was started while Redis was away is heard to be deaf, though it is ready and nothing falls behind", async () => {
  await drills["deaf-sts-2"]?.run(deployment);
  await eventually(async () => {
    const { rows } = await viewServices({ ctx: ctx(), input: { kind: "sts" } });
    expect(rows.map(({ ready }) => ready)).toEqual([true, true]);
  }, 30_000);
  const runId = await start("sts");
  for (const step of ["detect", "impact", "logs", "dependencies"]) await skip(runId, step);
  await settle(runId, "restart");
  await eventually(() => settle(runId, "serve"), 20_000);
  const heard = await hearConsumers({ ctx: ctx(), input: { runId, kind: "sts" } });
  expect(heard.consumers).toHaveLength(1);
  await expect(settle(runId, "consumers")).rejects.toThrow(
    /1 of 2 sts replicas took one of 40 messages.*read nothing: restart them one by one/,
  );
  await restart(runId, "sts-2");
  await expect(settle(runId, "consumers")).rejects.toThrow(/sts-2 was away after its consumers were asked: ask again/);
  await hearConsumers({ ctx: ctx(), input: { runId, kind: "sts" } });
  await settle(runId, "consumers");
}, 120_000);

test("while Redis is away a restart is refused, and the step says what to mend first", async () => {
  const runId = await start("sts");
  for (const step of ["detect", "impact", "logs"]) await skip(runId, step);
  await deployment.redis.stop();
  await eventually(async () => {
    await expect(settle(runId, "dependencies")).rejects.toThrow(
      /Mend this first; a restart does not\. Redis does not answer from here/,
    );
  });
  await expect(orderRestart({ ctx: ctx(), input: { replica: "sts-1", runId, reason: "Try" } })).rejects.toThrow(
    /started without it would say ready and read nothing/,
  );
  await deployment.redis.start();
  await eventually(() => settle(runId, "dependencies"), 30_000);
}, 90_000);

test("everything down is a P1, API and coordinator are named for what they are, and the window says when no replica was ready", async () => {
  await drills["kill-everything"]?.run(deployment);
  const runId = await start("all");
  const { incident, steps } = await view(runId);
  const [row] = await attached.db.query<{ severity: string }>("SELECT severity FROM incidents WHERE id = $1", [
    incident.id,
  ]);
  expect(row?.severity).toBe("P1");
  expect(steps[0]?.probe?.sentence).toMatch(
    /api-1: connection refused, as it is after it exited; it does when its Postgres connections are cut/,
  );
  expect(steps[0]?.probe?.sentence).toContain("No mandate is minted");
  await eventually(async () => expect((await view(runId)).exposure.map(({ id }) => id)).toContain("keys-5"), 20_000);
  await drills.restore?.run(deployment);
  for (const step of ["detect", "impact", "logs", "dependencies"]) await skip(runId, step);
  await eventually(() => settle(runId, "restart"), 30_000);
  await eventually(() => settle(runId, "serve"), 30_000);
  for (const step of ["consumers", "spool", "dropped"]) await skip(runId, step);
  await eventually(() => settle(runId, "window"), 20_000);
  expect((await entryOf(runId, "outage window"))?.summary).toMatch(/no sts ready from .* to .*no gateway ready from/);
}, 120_000);

test("an audit whose consumer is dead does not pass as restarted nor as serving; one that is idle does", async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/health" ? 503 : 200;
    response.end(request.url === "/health" ? "consumer unhealthy" : "{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const nobody = openRedis("redis://127.0.0.1:9");
  const as = (replicas: readonly string[], redis = attached.caracal.redis) => {
    const deaf = replicas.map((id, at) => ({ id: `audit-${at + 1}`, kind: "audit" as const, url: id }));
    return { ...ctx(), caracal: { ...attached.caracal, redis, replicas: deaf } };
  };
  try {
    const runId = await start("audit");
    for (const step of ["detect", "impact", "logs", "dependencies"]) await skip(runId, step);
    const restarted = (given = as([url])) => settleStep({ ctx: given, input: { runId, step: "restart", skip: false } });
    /** Publishes an event that nobody reads. */
    const unread = async () => {
      await drills["pause-audit"]?.run(deployment);
      await attached.witness.redis.xadd("caracal.audit.events", "*", "id", "without data");
    };
    await unread();
    await eventually(() =>
      expect(restarted()).rejects.toThrow(
        /audit-1 \/health: consumer unhealthy.* does not read: audit-ingestor has \d+ entries unread and \d+ not settled/,
      ),
    );
    await expect(restarted(as([url], nobody))).rejects.toThrow(/dead or only idle cannot be told/);
    await drills["resume-audit"]?.run(deployment);
    const real = attached.caracal.replicas.find(({ kind }) => kind === "audit")?.url ?? "";
    await eventually(() =>
      expect(restarted(as([url, real]))).rejects.toThrow(/Another replica reads.*dead or only idle cannot be told/),
    );
    await eventually(() => restarted(), 20_000);
    expect((await entryOf(runId, "Restart what is not ready"))?.summary).toContain(
      "on an idle zone that is not a dead consumer",
    );
    await unread();
    const serving = () => settleStep({ ctx: as([url]), input: { runId, step: "serve", skip: false } });
    await eventually(() => expect(serving()).rejects.toThrow(/does not read/));
    await drills["resume-audit"]?.run(deployment);
    await eventually(serving, 20_000);
  } finally {
    nobody.disconnect();
    await new Promise((done) => server.close(done));
  }
}, 90_000);
