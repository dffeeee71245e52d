import { openSignIn } from "@/server/auth/sign-ins";
import { getRequest } from "@/server/approvals/read-requests";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test, inject } from "vitest";
import { type ApprovalStage, openApprovalStage, stagePassword, swapSql } from "@/sandbox/approval-stage/stage";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { actsOn, cast } from "@/sandbox/approval-stage/acts";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { castVote } from "@/server/approvals/vote";
import { reauthenticate } from "@/server/auth/reauthenticate";

let console_: ConsoleDatabase;
let stage: ApprovalStage;
const { vote, withdraw, cancel, execute, get, list, person, executions } = actsOn(() => stage);
const _fulfilled = (answers: readonly PromiseSettledResult<unknown>[]) =>
  answers.filter(({ status }) => status === "fulfilled").length;

beforeAll(async () => {
  console_ = await freshConsoleDatabase();
  stage = await openApprovalStage(console_, inject("engines").postgresAdminUrl);
  for (const [name, role] of cast) await stage.addPerson(name, [role]);
});
beforeEach(() => {
  stage.changed = null;
});
afterAll(async () => {
  await stage?.close();
  await console_?.drop();
});

describe("between vote and execution", () => {
  const approved = async () => {
    const asked = await stage.ask("dana");
    await vote("ari", asked);
    return asked;
  };

  test.each([
    ["the voter is deactivated", "ari", "active = false", "active = true"],
    ["the voter loses the role", "ari", "roles = '{viewer}'", "roles = '{approver}'"],
    ["who asked is deactivated", "dana", "active = false", "active = true"],
    ["who asked loses the role", "dana", "roles = '{viewer}'", "roles = '{responder}'"],
  ])("%s: refused, and it goes ahead once that is put right", async (_, name, worse, better) => {
    const asked = await approved();
    await person(name, worse);
    await expect(execute("remy", asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(await executions(asked)).toBe(0);
    await person(name, better);
    await execute("remy", asked);
  });

  test("a swapped list, behind the trigger, is refused by its digest; through the trigger it cannot be", async () => {
    const asked = await approved();
    await expect(stage.db.query(swapSql, [asked.approvalId])).rejects.toThrow(/does not change/);
    await stage.behindTheTrigger(swapSql, [asked.approvalId]);
    await expect(execute("dana", asked)).rejects.toThrow(/not what was frozen/);
    await expect(vote("sol", asked)).rejects.toThrow(/not what was frozen/);
    expect(await executions(asked)).toBe(0);
  });

  test.each([
    ["parameters", `parameters = '{"zoneId":"another"}'`],
    ["preconditions", `preconditions = '{}'`],
    ["spacing", `parameters = '{ "zoneId": "zone-1" }'`],
    ["playbook version", "playbook_version = 'stage@2'"],
  ])("changed %s are refused", async (_, set) => {
    const asked = await approved();
    await stage.behindTheTrigger(`UPDATE approval_requests SET ${set} WHERE id = $1`, [asked.approvalId]);
    await expect(execute("dana", asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(await executions(asked)).toBe(0);
  });

  test("another digest than the stored one is refused, for a vote and for the execution", async () => {
    const asked = await approved();
    const other = { ...asked, digest: "0".repeat(64) };
    await expect(vote("sol", other)).rejects.toMatchObject({ code: "conflict" });
    await expect(execute("dana", other)).rejects.toMatchObject({ code: "conflict" });
  });

  test("when what was frozen no longer holds it is void; while that cannot be told it stays approved", async () => {
    const asked = await approved();
    stage.changed = "A policy binding has changed.";
    expect((await get("dana", asked)).changed).toBe("A policy binding has changed.");
    await expect(execute("dana", asked)).rejects.toThrow(/void/);
    stage.changed = null;
    expect(await get("dana", asked)).toMatchObject({ state: "void", stateReason: "A policy binding has changed." });
    await expect(execute("dana", asked)).rejects.toMatchObject({ code: "precondition_failed" });
    expect(await executions(asked)).toBe(0);
  });
});

describe("who sees it, and who they are", () => {
  test("a restricted incident's requests do not exist for others, on any path", async () => {
    const asked = await stage.ask("dana");
    await stage.db.query("UPDATE incidents SET restricted = true WHERE id = $1", [asked.incidentId]);
    for (const act of [
      () => get("ari", asked),
      () => vote("ari", asked),
      () => withdraw("ari", asked),
      () => cancel("remy", asked),
    ])
      await expect(act()).rejects.toMatchObject({ code: "not_found" });
    await expect(execute("remy", asked)).rejects.toMatchObject({ code: "not_found" });
    await expect(stage.ask("remy", "freeze-zone", asked.incidentId)).rejects.toMatchObject({ code: "not_found" });
    expect((await list("ari", { show: "all", incidentId: asked.incidentId })).rows).toEqual([]);
    expect((await list("sol", { show: "all", incidentId: asked.incidentId })).rows).toHaveLength(1);
    expect(await vote("sol", asked)).toEqual({ state: "approved" });
  });

  test("asking and voting want a recent proof of identity; a password gives one, a wrong one goes on record", async () => {
    const asked = await stage.ask("dana");
    const age = (name: string) =>
      stage.db.query("UPDATE sign_ins SET authenticated_at = now() - interval '6 minutes' WHERE id = $1", [
        stage.by(name).signInId,
      ]);
    await Promise.all([age("dana"), age("ari")]);
    await expect(stage.ask("dana")).rejects.toMatchObject({ code: "precondition_failed" });
    await expect(vote("ari", asked)).rejects.toMatchObject({ code: "precondition_failed" });
    expect((await get("ari", asked)).reauthentication).toEqual({ fresh: false, method: "local", until: null });
    const prove = (name: string, password: string) => reauthenticate({ ctx: stage.by(name), input: { password } });
    await expect(prove("ari", "a guess")).rejects.toMatchObject({ code: "bad_input" });
    const [refused] = await stage.db.query(
      "SELECT actor_name FROM timeline_entries WHERE kind = 'access.reauthentication-failed'",
    );
    expect(refused).toEqual({ actor_name: "ari" });
    expect(await prove("ari", stagePassword)).toMatchObject({ fresh: true });
    await vote("ari", asked);
    await prove("dana", stagePassword);
  });

  test("a provider that lets an old session through gives no fresh proof; one that has just asked does", async () => {
    const opened = async (ago: number) => {
      const provedAt = Date.now() / 1_000 - ago;
      const person = { personId: stage.by("ari").actor.id, userAgent: null, address: null };
      const signInId = await openSignIn({ db: stage.db, input: { ...person, method: "oidc", provedAt } });
      return (await getRequest({ ctx: { ...stage.by("ari"), signInId }, input: asked })).reauthentication;
    };
    const asked = await stage.ask("dana");
    expect(await opened(3_600)).toEqual({ fresh: false, method: "oidc", until: null });
    expect(await opened(-3_600)).toMatchObject({ fresh: true, method: "oidc" });
  });

  test("somebody else's sign-in proves nothing, an unknown request is not found", async () => {
    const asked = await stage.ask("dana");
    const borrowed = { ...stage.by("ari"), signInId: stage.by("ora").signInId };
    await expect(castVote({ ctx: borrowed, input: { ...asked, vote: "approve", comment: "" } })).rejects.toMatchObject({
      code: "not_signed_in",
    });
    await expect(get("ari", { ...asked, approvalId: randomUUID() })).rejects.toMatchObject({ code: "not_found" });
  });
});
