import { afterAll, beforeAll, beforeEach, describe, expect, test, inject } from "vitest";
import { type ApprovalStage, openApprovalStage, pastSql } from "@/sandbox/approval-stage/stage";
import type { ConsoleDatabase } from "@/sandbox/engines/databases";
import { actsOn, cast } from "@/sandbox/approval-stage/acts";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { previewApproval } from "@/server/approvals/ask";
import { expireRequests } from "@/server/approvals/expire-requests";

let console_: ConsoleDatabase;
let stage: ApprovalStage;
const { vote, withdraw, cancel, execute, get, list, kinds, person, executions } = actsOn(() => stage);
const fulfilled = (answers: readonly PromiseSettledResult<unknown>[]) =>
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

describe("the ordinary way", () => {
  test("asked, approved by another, executed once; all of it on the incident that it declared; voters and requester told", async () => {
    const asked = await stage.ask("dana");
    expect((await get("ari", asked)).may).toEqual({
      vote: null,
      withdraw: expect.any(String),
      cancel: expect.any(String),
      execute: expect.stringContaining("responder"),
    });
    await get("ari", asked);
    expect((await list("ari")).rows[0]).toMatchObject({
      id: asked.approvalId,
      mine: "may-vote",
      votes: 0,
      state: "pending",
    });
    expect(await vote("ari", asked)).toEqual({ state: "approved" });
    expect(await execute("dana", asked)).toEqual({ ref: `run:${asked.approvalId}` });
    expect(await executions(asked)).toBe(1);
    expect(await kinds(asked.incidentId)).toEqual([
      "approval.requested",
      "approval.viewed",
      "approval.voted",
      "approval.approved",
      "approval.executed",
    ]);
    const told = await stage.db.query<{ kind: string; people: string[] }>(
      "SELECT kind, people FROM notices WHERE incident_id = $1 AND kind LIKE 'approval-%' ORDER BY created_at",
      [asked.incidentId],
    );
    const ids = (...names: string[]) => names.map((name) => stage.by(name).actor.id).sort();
    expect(told).toEqual([
      { kind: "approval-requested", people: ids("remy", "ari", "ora", "sol") },
      { kind: "approval-decided", people: ids("dana") },
    ]);
    const view = await get("dana", asked);
    expect(view).toMatchObject({ state: "executed", executed: { by: "dana", ref: `run:${asked.approvalId}` } });
    await expect(execute("remy", asked)).rejects.toMatchObject({ code: "precondition_failed" });
  });

  test("a preview shows what would be frozen and writes nothing", async () => {
    const count = async () => (await stage.db.query("SELECT 1 FROM approval_requests")).length;
    const before = await count();
    const input = { action: "freeze-zone", parameters: { zoneId: "z" } } as const;
    expect(await previewApproval({ ctx: stage.by("dana"), input })).toMatchObject({
      targetCount: 3,
      reauthentication: { fresh: true, method: "local" },
    });
    expect(await count()).toBe(before);
  });

  test("pages by keyset without gaps or repeats", async () => {
    for (let n = 0; n < 5; n += 1) await stage.ask("dana");
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list("vera", { show: "all", limit: 2, cursor });
      ids.push(...page.rows.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const stored = await stage.db.query<{ id: string }>(
      "SELECT id FROM approval_requests ORDER BY requested_at DESC, id DESC",
    );
    expect(ids).toEqual(stored.map(({ id }) => id));
  });
});

describe("two people are two people", () => {
  test("nobody votes on what they asked for: not by the verb, not in SQL", async () => {
    const asked = await stage.ask("dana");
    await expect(vote("dana", asked)).rejects.toMatchObject({ code: "forbidden" });
    const me = stage.by("dana").actor.id;
    const raw = (requester: string) =>
      stage.owner.query(
        `INSERT INTO approval_votes (request_id, requester_id, digest, voter_id, voter_name, voter_roles, vote, expires_at)
         VALUES ($1, $2, $3, $4, 'dana', '{approver}', 'approve', now() + interval '1 minute')`,
        [asked.approvalId, requester, asked.digest, me],
      );
    await expect(raw(me)).rejects.toThrow(/check constraint/);
    await expect(raw(stage.by("ari").actor.id)).rejects.toThrow(/foreign key/);
    await person("dana", "display_name = 'somebody else', username = 'else'");
    await expect(vote("dana", asked)).rejects.toMatchObject({ code: "forbidden" });
    await person("dana", "display_name = 'dana', username = 'dana'");
  });

  test("ten votes of one person at once are one vote", async () => {
    const asked = await stage.ask("dana");
    expect(fulfilled(await Promise.allSettled(Array.from({ length: 10 }, () => vote("ari", asked))))).toBe(1);
    expect((await get("dana", asked)).votes).toBe(1);
  });

  test("ten executions at once are one", async () => {
    const asked = await stage.ask("dana");
    await vote("ari", asked);
    const starts = stage.starts;
    const names = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? "dana" : "remy"));
    expect(fulfilled(await Promise.allSettled(names.map((name) => execute(name, asked))))).toBe(1);
    expect([stage.starts - starts, await executions(asked)]).toEqual([1, 1]);
  });

  test("a key action wants a vote of security", async () => {
    const asked = await stage.ask("dana", "rotate-zone-key");
    await expect(vote("remy", asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(await vote("ari", asked)).toEqual({ state: "pending" });
    expect(await get("dana", asked)).toMatchObject({ votes: 1, votesNeeded: 1, lacksSecurity: true });
    await expect(execute("dana", asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(await vote("sol", asked)).toEqual({ state: "approved" });
    expect((await get("dana", asked)).lacksSecurity).toBe(false);
    await execute("dana", asked);
  });

  test("roles: a viewer neither asks, votes nor executes; an approver does not execute", async () => {
    const asked = await stage.ask("dana");
    await expect(stage.ask("vera")).rejects.toMatchObject({ code: "forbidden" });
    await expect(vote("vera", asked)).rejects.toMatchObject({ code: "forbidden" });
    await vote("ari", asked);
    await expect(execute("ari", asked)).rejects.toMatchObject({ code: "forbidden" });
    await expect(stage.ask("dana", "revoke-zone")).rejects.toThrow(/not available in this release/);
    await expect(stage.ask("dana", "revoke-subject")).rejects.toMatchObject({ code: "bad_input" });
  });
});

describe("what has ended stays ended", () => {
  test("a denial is final and carries its reason", async () => {
    const asked = await stage.ask("dana");
    await vote("ari", asked);
    expect(await vote("ora", asked, "deny")).toEqual({ state: "denied" });
    for (const act of [
      () => vote("sol", asked),
      () => execute("dana", asked),
      () => withdraw("ari", asked),
      () => cancel("dana", asked),
    ])
      await expect(act()).rejects.toMatchObject({ code: "precondition_failed" });
    expect((await get("dana", asked)).stateReason).toContain("I looked at it");
    await expect(
      stage.owner.query("UPDATE approval_requests SET state = 'approved' WHERE id = $1", [asked.approvalId]),
    ).rejects.toThrow(/stays ended/);
  });

  test("a vote taken back counts no more, and the person may vote anew", async () => {
    const asked = await stage.ask("dana");
    await vote("ari", asked);
    expect(await withdraw("ari", asked)).toEqual({ state: "pending" });
    await expect(execute("dana", asked)).rejects.toThrow(/not approved/);
    expect(await vote("ari", asked)).toEqual({ state: "approved" });
  });

  test("cancelled by who asked or an admin, nobody else", async () => {
    const asked = await stage.ask("dana");
    await expect(cancel("remy", asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(await cancel("ada", asked)).toEqual({ state: "cancelled" });
    await expect(vote("ari", asked)).rejects.toMatchObject({ code: "precondition_failed" });
  });

  test("its time runs out by the database's clock, at once for every act, on the record once", async () => {
    const asked = await stage.ask("dana");
    await vote("ari", asked);
    await stage.behindTheTrigger(pastSql, [asked.approvalId]);
    expect((await get("dana", asked)).state).toBe("expired");
    expect((await list("dana")).rows.map(({ id }) => id)).not.toContain(asked.approvalId);
    for (const act of [() => vote("sol", asked), () => execute("dana", asked), () => withdraw("ari", asked)])
      await expect(act()).rejects.toMatchObject({ code: "precondition_failed" });
    await Promise.all(Array.from({ length: 4 }, () => expireRequests(stage.db)));
    expect((await kinds(asked.incidentId)).filter((kind) => kind === "approval.expired")).toHaveLength(1);
    expect(await executions(asked)).toBe(0);
  });
});
