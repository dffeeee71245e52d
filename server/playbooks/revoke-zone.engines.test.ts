import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { addSessions, addZone } from "@/sandbox/playbook-stage/arrange";
import { dana, openStage, type Stage } from "@/sandbox/playbook-stage/stage";
import type { Stored } from "@/server/approvals/approved-action";
import { revokeZoneAction } from "@/server/playbooks/revoke-zone.action";
import { runRevocationRound } from "@/server/playbooks/run-round";
import { sweepAgain } from "@/server/playbooks/sweep-again";
import { startRun } from "@/server/playbooks/start-run";
import { startRunInput } from "@/server/playbooks/schemas";
import { getRun } from "@/server/playbooks/get-run";

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

const parts = () => ({ db: stage.ctx.db, caracal: stage.ctx.caracal, jobs: stage.ctx.jobs });
const action = () => revokeZoneAction(parts());

const stored = (parameters: unknown) => agreed(console_, action(), parameters, { id: requester, name: "Asker" });
const execute = async (given: Stored): Promise<string> => {
  const ref = await stage.ctx.db.transaction((tx) => action().start(tx, given, dana));
  await action().wake(ref);
  return ref.replace("run:", "");
};
const round = (runId: string, number: number) =>
  runRevocationRound({ ctx: stage.ctx, input: { runId, round: number } });
const statusOf = async (sids: readonly string[]) =>
  (
    await stage.owner.query<{ id: string; status: string }>("SELECT id, status FROM sessions WHERE id = ANY ($1)", [
      sids,
    ])
  ).rows;

test("the frozen list is what the first round revokes; what was minted meanwhile is the second sweep's", async () => {
  const zone = await addZone(stage);
  const first = [...(await addSessions(stage, zone, "agent-1", 3)), ...(await addSessions(stage, zone, "agent-2", 2))];
  const approved = await stored({ zoneId: zone, subjects: null });
  expect([...approved.targets].sort()).toEqual([...first].sort());
  const late = await addSessions(stage, zone, "agent-3", 2);
  const runId = await execute(approved);
  expect(stage.enqueued.at(-1)).toEqual({ runId, round: 1 });
  await round(runId, 1);
  expect((await statusOf(first)).every(({ status }) => status === "revoked")).toBe(true);
  expect((await statusOf(late)).every(({ status }) => status === "active")).toBe(true);
  const { round: second } = await sweepAgain({ ctx: stage.ctx, input: { runId } });
  await round(runId, second);
  expect((await statusOf(late)).every(({ status }) => status === "revoked")).toBe(true);
  const view = await getRun({ ctx: { ...stage.ctx, actor: dana }, input: { runId } });
  expect(view).toMatchObject({
    title: expect.stringContaining("everybody"),
    scope: { kind: "zone", approvalId: approved.approvalId },
  });
  expect(view.rounds.map(({ targets, revoked }) => [targets, revoked])).toEqual([
    [5, 5],
    [2, 2],
  ]);
});

test("two of three subjects; the third is not touched, nor by the second sweep", async () => {
  const zone = await addZone(stage);
  const [a, b, c] = [
    await addSessions(stage, zone, "a", 2),
    await addSessions(stage, zone, "b", 2),
    await addSessions(stage, zone, "c", 2),
  ];
  const runId = await execute(await stored({ zoneId: zone, subjects: ["a", "b"] }));
  await round(runId, 1);
  const { round: second } = await sweepAgain({ ctx: stage.ctx, input: { runId } });
  await round(runId, second);
  expect((await statusOf([...a, ...b])).every(({ status }) => status === "revoked")).toBe(true);
  expect((await statusOf(c)).every(({ status }) => status === "active")).toBe(true);
});

test("two thousand sids at once", async () => {
  const zone = await addZone(stage);
  const sids = await addSessions(stage, zone, "crowd", 2_000);
  const runId = await execute(await stored({ zoneId: zone, subjects: null }));
  await round(runId, 1);
  expect((await statusOf(sids)).filter(({ status }) => status === "revoked")).toHaveLength(2_000);
});

test("an agreement covers sweeps for an hour, and one approval makes one run", async () => {
  const zone = await addZone(stage);
  await addSessions(stage, zone, "a", 1);
  const approved = await stored({ zoneId: zone, subjects: null });
  const runId = await execute(approved);
  await expect(execute(approved)).rejects.toThrow(/duplicate key/);
  await round(runId, 1);
  await console_.query("UPDATE playbook_runs SET created_at = created_at - interval '61 minutes' WHERE id = $1", [
    runId,
  ]);
  await expect(sweepAgain({ ctx: stage.ctx, input: { runId } })).rejects.toMatchObject({ code: "precondition_failed" });
});

test("what is not wide, not there or over is refused before anybody is asked; a scope that emptied is void", async () => {
  const zone = await addZone(stage);
  const sids = await addSessions(stage, zone, "a", 1);
  for (const parameters of [
    { zoneId: zone, subjects: ["a"] },
    { zoneId: zone, subjects: ["a", "a"] },
    { zoneId: zone },
    { zoneId: zone, subjects: null, more: 1 },
    { zoneId: zone, subjects: null, also: "and nothing else" }, // the words about the second sweep are the server's own
  ])
    await expect(action().freeze(parameters)).rejects.toMatchObject({ code: "bad_input" });
  await expect(action().freeze({ zoneId: "nowhere", subjects: null })).rejects.toMatchObject({ code: "not_found" });
  await expect(action().freeze({ zoneId: zone, subjects: ["x", "y"] })).rejects.toMatchObject({
    code: "precondition_failed",
  });
  const approved = await stored({ zoneId: zone, subjects: null });
  expect(await action().recheck(approved)).toBeNull();
  await stage.owner.query("UPDATE sessions SET status = 'revoked' WHERE id = ANY ($1)", [sids]);
  expect(await action().recheck(approved)).toMatch(/None of the sessions/);
});

test("the plain playbook cannot be widened: its input knows one subject", async () => {
  for (const from of [
    { kind: "zone", zoneId: "z" },
    { kind: "subject", zoneId: "z", subjectId: ["a", "b"] },
    { kind: "approval", approvalId: randomUUID() },
  ])
    expect(startRunInput.safeParse({ from }).success).toBe(false);
  const zone = await addZone(stage);
  await addSessions(stage, zone, "a", 1);
  const { runId } = await startRun({
    ctx: stage.ctx,
    input: { from: { kind: "subject", zoneId: zone, subjectId: "a" } },
  });
  await expect(
    stage.ctx.db.query("UPDATE playbook_runs SET scope = 'zone', subject_id = NULL WHERE id = $1", [runId]),
  ).rejects.toThrow(/playbook_runs_scope/);
});
