import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { actsOn, cast } from "@/sandbox/approval-stage/acts";
import { type ApprovalStage, openApprovalStage } from "@/sandbox/approval-stage/stage";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import {
  askBreakGlass,
  confirmBreakGlass,
  endBreakGlass,
  reviewBreakGlass,
  tellLapsed,
} from "@/server/approvals/break-glass";
import { breakGlassState } from "@/server/approvals/break-glass-state";
import { requestApproval } from "@/server/approvals/ask";
import { castVote } from "@/server/approvals/vote";
import { hashPassword } from "@/server/auth/passwords";
import { actorOf } from "@/server/auth/sign-ins";
import { declareIn } from "@/server/incidents/declare-incident";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { closeBlockers } from "@/server/incidents/close-blockers";
import { loadIncident } from "@/server/incidents/incident-rows";

const secret = "sealed in the safe on the second floor";
let console_: ConsoleDatabase;
let stage: ApprovalStage;
let secretHash: string;
const acts = actsOn(() => stage);

const glass = (name: string) => ({
  db: stage.db,
  actor: stage.by(name).actor,
  signInId: stage.by(name).signInId,
  secretHash,
});
const ask = (name: string, given = secret) =>
  askBreakGlass({ ctx: glass(name), input: { secret: given, reason: "Nobody on call answers" } });
const confirm = (name: string, id: string, given = secret) =>
  confirmBreakGlass({ ctx: glass(name), input: { id, secret: given } });
const review = (name: string, id: string) =>
  reviewBreakGlass({ ctx: glass(name), input: { id, review: "It was right to do so" } });
const state = () => breakGlassState({ ctx: glass("vera") });
const rolesOf = async (name: string) => (await actorOf(stage.db, stage.by(name).signInId))?.roles;

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  stage = await openApprovalStage(console_, inject("engines").postgresAdminUrl);
  secretHash = await hashPassword(secret);
  for (const [name, role] of cast) await stage.addPerson(name, [role]);
  for (const name of ["cora", "cole"]) await stage.addPerson(name, ["compliance"]);
});
beforeEach(async () => {
  await stage.behindTheTrigger("DELETE FROM break_glass WHERE $1 = 1", [1]);
  await stage.db.query("DELETE FROM sign_in_attempts");
});
afterAll(async () => {
  await stage?.close();
  await console_?.drop();
});

describe("break-glass", () => {
  test("off without a credential; a wrong one is refused, limited and on record", async () => {
    const off = { ...glass("cora"), secretHash: undefined };
    await expect(askBreakGlass({ ctx: off, input: { secret, reason: "Nobody answers" } })).rejects.toMatchObject({
      code: "not_configured",
    });
    for (let n = 0; n < 5; n += 1) await expect(ask("cora", "a guess")).rejects.toMatchObject({ code: "forbidden" });
    await expect(ask("cora")).rejects.toMatchObject({ code: "rate_limited" });
    const refused = await stage.db.query("SELECT 1 FROM timeline_entries WHERE kind = 'access.break-glass-refused'");
    expect(refused).toHaveLength(5);
    expect((await state()).asked).toBeNull();
  });

  test("two people, a P1 that tells everyone, roles for both that end by the clock, a review before the incident closes", async () => {
    const { id, incidentId } = await ask("cora");
    expect(await rolesOf("cora")).toEqual(["compliance"]);
    await expect(confirm("cora", id)).rejects.toMatchObject({ code: "forbidden" });
    await expect(ask("cole")).rejects.toMatchObject({ code: "conflict" });
    await confirm("cole", id);
    expect((await state()).open).toMatchObject({ first: { name: "cora" }, second: { name: "cole" } });
    for (const name of ["cora", "cole"])
      expect(await rolesOf(name)).toEqual(["approver", "compliance", "responder", "security"]);
    expect(await rolesOf("vera")).toEqual(["viewer"]);
    const told = await stage.db.query<{ people: string[] }>(
      "SELECT people FROM notices WHERE kind = 'break-glass' AND incident_id = $1",
      [incidentId],
    );
    expect(told.map(({ people }) => people.length)).toEqual([9, 9]);
    const incident = await loadIncident(stage.db, stage.by("ada").actor, incidentId);
    expect(incident).toMatchObject({ severity: "P1", origin: "break-glass" });

    const raised = async (name: string) => ({
      ...stage.by(name),
      actor: { ...stage.by(name).actor, roles: (await rolesOf(name)) ?? [] },
    });
    const input = { action: "freeze-zone", parameters: { zoneId: "z" }, incidentId, reason: "It is on fire" } as const;
    const asked = await requestApproval({ ctx: await raised("cora"), input });
    const vote = { approvalId: asked.approvalId, digest: asked.digest, vote: "approve", comment: "" } as const;
    await expect(castVote({ ctx: await raised("cora"), input: vote })).rejects.toMatchObject({ code: "forbidden" });
    expect(await castVote({ ctx: await raised("cole"), input: vote })).toEqual({ state: "approved" });

    await expect(review("ada", id)).rejects.toMatchObject({ code: "precondition_failed" });
    await stage.behindTheTrigger(
      "UPDATE break_glass SET opened_at = opened_at - interval '2 hours', expires_at = expires_at - interval '2 hours' WHERE id = $1",
      [id],
    );
    expect(await rolesOf("cora")).toEqual(["compliance"]);
    const lapses = await Promise.all([tellLapsed(stage.db), tellLapsed(stage.db), tellLapsed(stage.db)]);
    expect(lapses.reduce((sum, one) => sum + one, 0)).toBe(1);
    const ends = await stage.db.query(
      "SELECT 1 FROM timeline_entries WHERE chain = $1 AND kind = 'access.break-glass-ended'",
      [incidentId],
    );
    expect(ends).toHaveLength(1);
    expect((await acts.get("dana", asked)).votes).toBe(0);
    await expect(acts.execute("dana", asked)).rejects.toMatchObject({ code: "forbidden" });
    await acts.cancel("ada", asked);

    expect(await closeBlockers(stage.db, incident)).toContainEqual(expect.stringContaining("Break-glass was used"));
    const other = await stage.db.transaction((tx) =>
      declareIn(tx, stage.by("dana").actor, { title: "Goes on here", severity: "P2", origin: "by-hand" }),
    );
    await mergeIncidents({ ctx: stage.by("ada"), input: { incidentId, intoId: other.incidentId, reason: "The same" } });
    const target = await loadIncident(stage.db, stage.by("ada").actor, other.incidentId);
    expect(await closeBlockers(stage.db, target)).toContainEqual(expect.stringContaining("Break-glass was used"));
    await expect(review("cole", id)).rejects.toMatchObject({ code: "forbidden" });
    await review("ada", id);
    expect(await closeBlockers(stage.db, incident)).not.toContainEqual(expect.stringContaining("Break-glass"));
    expect((await state()).awaitingReview).toEqual([]);
  });

  test("a role that break-glass lends reviews no use of it, not an earlier one either", async () => {
    const earlier = await ask("dana");
    await confirm("remy", earlier.id);
    await endBreakGlass({ ctx: glass("dana"), input: { id: earlier.id } });
    const now = await ask("ari");
    await confirm("ora", now.id);
    expect(await rolesOf("ari")).toContain("security");
    for (const name of ["ari", "ora"])
      await expect(review(name, earlier.id)).rejects.toThrow(/for the time of break-glass only/);
    await expect(review("dana", earlier.id)).rejects.toThrow(/You had part in it/);
    await review("sol", earlier.id);
  });

  test("asking, confirming and reviewing want a recent proof of who it is", async () => {
    const stale = (name: string) =>
      stage.owner.query("UPDATE sign_ins SET authenticated_at = now() - interval '1 hour' WHERE id = $1", [
        stage.by(name).signInId,
      ]);
    const fresh = (name: string) =>
      stage.owner.query("UPDATE sign_ins SET authenticated_at = now() WHERE id = $1", [stage.by(name).signInId]);
    await stale("cora");
    await expect(ask("cora")).rejects.toMatchObject({ facts: { reauthenticate: "local" } });
    await fresh("cora");
    const { id } = await ask("cora");
    await stale("cole");
    await expect(confirm("cole", id)).rejects.toMatchObject({ facts: { reauthenticate: "local" } });
    await fresh("cole");
    await confirm("cole", id);
    await endBreakGlass({ ctx: glass("cole"), input: { id } });
    await stale("ada");
    await expect(review("ada", id)).rejects.toMatchObject({ facts: { reauthenticate: "local" } });
    await fresh("ada");
    await review("ada", id);
  });

  test("ended early by one of the two; strangers cannot; four confirmations at once open it once", async () => {
    const { id } = await ask("cora");
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => confirm("cole", id)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const end = (name: string) => endBreakGlass({ ctx: glass(name), input: { id } });
    await expect(end("dana")).rejects.toMatchObject({ code: "forbidden" });
    await end("cole");
    expect(await rolesOf("cora")).toEqual(["compliance"]);
    await expect(end("cole")).rejects.toMatchObject({ code: "precondition_failed" });
    expect((await state()).awaitingReview.map((use) => use.id)).toEqual([id]);
  });
});
