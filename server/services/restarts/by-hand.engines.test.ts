import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { openRestarts, refusal, type Restarts } from "@/sandbox/service-stage/restarts";
import { stsMetrics } from "@/sandbox/service-stage/stage";
import { declareIn } from "@/server/incidents/declare-incident";
import { cancelRestart } from "@/server/services/restarts/cancel-restart";
import { confirmRestart } from "@/server/services/restarts/confirm-restart";
import { advanceOneRestart } from "@/server/services/restarts/restart-worker";

let on: Restarts;
beforeAll(async () => {
  on = await openRestarts();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

test("by hand: the word of a person proves nothing, what is seen of the replica does", async () => {
  const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
  const { restartId } = await on.order("sts-1", manual);
  expect(await on.row(restartId)).toMatchObject({ state: "by-hand", command: "restart sts-1" });
  await on.work(restartId, manual, 2);
  expect((await on.row(restartId)).state).toBe("by-hand");
  on.at("sts-1").metrics = stsMetrics({ eval_total: 0 });
  await confirmRestart({ ctx: manual, input: { restartId, how: "Remy ran it, on the telephone" } });
  expect(on.ran()).toEqual([]);
  expect((await on.work(restartId, manual)).state).toBe("proved");
  expect(await refusal(confirmRestart({ ctx: manual, input: { restartId, how: "Once more" } }))).toMatch(/^conflict/);

  const another = await on.order("sts-2", manual);
  await on.at("sts-2").down();
  await on.work(another.restartId, manual, 3); // an outage before anybody says that it was restarted shows nothing of a restart
  await on.at("sts-2").up();
  expect((await on.row(another.restartId)).seen).toEqual({});
  await confirmRestart({ ctx: manual, input: { restartId: another.restartId, how: "Remy says so" } });
  await on.work(another.restartId, manual, 2);
  await on.secondsLater(31);
  await advanceOneRestart(manual);
  expect((await on.row(another.restartId)).state).toBe("unproved");
});

test("one that nobody confirms is given up by a person, with a reason on the record, and makes way for another", async () => {
  const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
  const { restartId } = await on.order("sts-1", manual);
  expect(await refusal(on.order("sts-1", manual))).toMatch(/under way already/);
  await cancelRestart({ ctx: manual, input: { restartId, reason: "It came back by itself" } });
  expect(await on.row(restartId)).toMatchObject({ state: "cancelled", note: expect.stringContaining("cancelled it") });
  expect((await on.entries("restart-cancelled")).at(-1)).toMatch(
    /cancelled the restart of sts-1: It came back by itself$/,
  );
  for (const late of [
    cancelRestart({ ctx: manual, input: { restartId, reason: "Once more" } }),
    confirmRestart({ ctx: manual, input: { restartId, how: "Remy did it after all" } }),
  ])
    expect(await refusal(late)).toMatch(/^conflict/);
  await expect(on.order("sts-1", manual)).resolves.toBeDefined();
});

test("of a word that it was done and one that it is given up, at once, one holds", async () => {
  const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
  const { restartId } = await on.order("sts-1", manual);
  const both = await Promise.allSettled([
    confirmRestart({ ctx: manual, input: { restartId, how: "Remy did it" } }),
    cancelRestart({ ctx: manual, input: { restartId, reason: "Not needed" } }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("what was begun is not given up: it is watched to its end", async () => {
  const given = on.ctx();
  const { restartId } = await on.order("sts-1", given);
  await advanceOneRestart(given);
  expect((await on.row(restartId)).state).toBe("watching");
  expect(await refusal(cancelRestart({ ctx: given, input: { restartId, reason: "Too late" } }))).toMatch(/^conflict/);
  expect((await on.work(restartId, given)).state).toBe("proved");
});

test("a restart of an incident that a person may not see is not there for them", async () => {
  const manual = on.ctx(on.runtime({ acts: false, kind: "manual" }));
  const { restartId } = await on.order("sts-1", manual);
  const { incidentId } = await on.stage.db.transaction((tx) =>
    declareIn(tx, on.stage.actor, { title: "Insider", severity: "P1", origin: "by-hand" }),
  );
  await on.stage.owner.query("UPDATE incidents SET restricted = true WHERE id = $1", [incidentId]);
  await on.stage.owner.query("UPDATE service_restarts SET incident_id = $2 WHERE id = $1", [restartId, incidentId]);
  const ovid = { ...manual, actor: await newPerson(on.stage.db, "ovid", ["responder"]) };
  expect(await refusal(cancelRestart({ ctx: ovid, input: { restartId, reason: "Curious" } }))).toMatch(/^not_found/);
  expect((await on.row(restartId)).state).toBe("by-hand");
});
