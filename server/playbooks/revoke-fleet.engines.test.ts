import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { addSessions, addZone, until } from "@/sandbox/playbook-stage/arrange";
import { dana, openStage, type Stage } from "@/sandbox/playbook-stage/stage";
import { observeFleets } from "@/server/playbooks/fleet-watch";
import { getFleet } from "@/server/playbooks/get-fleet";
import { observeRun } from "@/server/playbooks/observe-run";
import { revokeFleetAction } from "@/server/playbooks/revoke-fleet.action";
import { runRevocationRound } from "@/server/playbooks/run-round";

let stage: Stage;
let console_: pg.Pool;
let requester: string;

beforeAll(async () => {
  stage = await openStage();
  console_ = new pg.Pool({ connectionString: stage.urls.consoleOwner, max: 1 });
  const { rows } = await console_.query<{ id: string }>(
    "INSERT INTO people (username, display_name, password_hash, roles) VALUES ('asker', 'Asker', 'x', '{responder}') RETURNING id",
  );
  requester = rows[0]?.id ?? "";
});
afterAll(async () => {
  await console_.end();
  await stage.close();
});

const action = () => revokeFleetAction({ db: stage.ctx.db, caracal: stage.ctx.caracal, jobs: stage.ctx.jobs });

const stored = (parameters: unknown) => agreed(console_, action(), parameters, { id: requester, name: "Asker" });

test("every zone gets a run with exactly its own frozen sessions, and all of them are revoked", async () => {
  const zones = [await addZone(stage), await addZone(stage), await addZone(stage)];
  const sids: string[] = [];
  for (const zone of zones) sids.push(...(await addSessions(stage, zone, "agent-7", 4)));
  const given = await stored({ zoneIds: null });
  expect([...given.targets].sort()).toEqual([...sids].sort());
  const late = await addSessions(stage, zones[0] ?? "", "agent-7", 1); // minted after it was asked for
  const ref = await stage.ctx.db.transaction((tx) => action().start(tx, given, dana));
  await action().wake(ref);
  const runs = stage.enqueued.map(({ runId }) => runId);
  expect(runs).toHaveLength(3);
  for (const runId of runs) await runRevocationRound({ ctx: stage.ctx, input: { runId, round: 1 } });
  const { rows } = await stage.owner.query("SELECT id, status FROM sessions WHERE id = ANY ($1)", [[...sids, ...late]]);
  for (const { id, status } of rows) expect(status, id).toBe(late.includes(id) ? "active" : "revoked");
  const before = await getFleet({ ctx: { db: stage.ctx.db, actor: dana }, input: { approvalId: given.approvalId } });
  expect(before).toMatchObject({ total: 12, proved: 0 });
  await until("every target proved", async () => {
    await observeFleets(stage.ctx);
    const fleet = await getFleet({ ctx: { db: stage.ctx.db, actor: dana }, input: { approvalId: given.approvalId } });
    return fleet.proved === 12 ? fleet : null;
  });
  const looks = await Promise.all(runs.map((runId) => observeRun({ ctx: stage.ctx, input: { runId } })));
  expect(looks.map(({ run }) => run.zone_id).sort()).toEqual([...zones].sort());
  for (const { run, proof } of looks) {
    expect(run).toMatchObject({ scope: "zone", approval_id: given.approvalId });
    expect(proof?.total).toBe(4);
    expect(proof?.live).toBe(run.zone_id === zones[0] ? 1 : 0); // one more is live there: its second round is offered
  }
  const fleet = await getFleet({ ctx: { db: stage.ctx.db, actor: dana }, input: { approvalId: given.approvalId } });
  expect(fleet).toMatchObject({ total: 12, proved: 12, live: 1, heldUpBy: [] });
  expect(fleet.runs[0]).toMatchObject({ zone: { id: zones[0] }, live: 1, swept: false });
  await expect(
    getFleet({ ctx: { db: stage.ctx.db, actor: dana }, input: { approvalId: randomUUID() } }),
  ).rejects.toMatchObject({ code: "not_found" });
  await expect(stage.ctx.db.transaction((tx) => action().start(tx, given, dana))).rejects.toThrow(
    /playbook_runs_approval_zone/,
  );
});

test("nothing live, unknown zones and a single one are refused", async () => {
  await expect(action().freeze({ zoneIds: ["nowhere", "elsewhere"] })).rejects.toThrow(/not in this deployment/);
  await expect(action().freeze({ zoneIds: null, also: "and nothing else" })).rejects.toMatchObject({
    code: "bad_input",
  });
  await expect(action().freeze({ zoneIds: ["one"] })).rejects.toThrow(/Name two to 100 zones/);
  const empty = [await addZone(stage), await addZone(stage)];
  await expect(action().freeze({ zoneIds: empty })).rejects.toThrow(/nothing to revoke/);
});
