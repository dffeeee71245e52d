import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addAgentSession, addSessions, addZone, until } from "@/sandbox/playbook-stage/arrange";
import { dana, openStage, remy, type Stage } from "@/sandbox/playbook-stage/stage";
import { abandon } from "@/server/playbooks/abandon";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { finish } from "@/server/playbooks/finish";
import { getRun } from "@/server/playbooks/get-run";
import { listRuns } from "@/server/playbooks/list-runs";
import { observeRun } from "@/server/playbooks/observe-run";
import { publishAgain } from "@/server/playbooks/publish-again";
import { revoke } from "@/server/playbooks/revoke";
import { runLog } from "@/server/playbooks/run-log";
import { runRevocationRound } from "@/server/playbooks/run-round";
import { startRun } from "@/server/playbooks/start-run";
import { startWaiting } from "@/server/playbooks/start-waiting";
import { sweepAgain } from "@/server/playbooks/sweep-again";
import { takeOver } from "@/server/playbooks/take-over";
import { tick } from "@/server/playbooks/tick";

let stage: Stage;
let zone: string;
beforeAll(async () => {
  stage = await openStage();
  zone = await addZone(stage, "payments");
});
afterAll(() => stage.close());

const subjectOf = () => `agent-${Math.random().toString(36).slice(2, 10)}`;

async function runAtRevoke(subjectId: string): Promise<string> {
  const { ctx } = stage;
  const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId: zone, subjectId } } });
  await confirmSubject({ ctx, input: { runId } });
  const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
  await runRevocationRound({ ctx, input: { runId, round } });
  return runId;
}

const provedRun = (runId: string) =>
  until("every target proved", async () => {
    const { proof } = await observeRun({ ctx: stage.ctx, input: { runId } });
    return proof !== null && proof.total > 0 && proof.proved === proof.total ? proof : null;
  });

const outboxOf = async (sids: readonly string[]) =>
  (await stage.owner.query("SELECT * FROM event_outbox WHERE payload_json->>'session_id' = ANY ($1)", [sids])).rows;

describe("revoke a compromised session", () => {
  it("goes from a session to done, proved by every witness, with each act and change in the log", async () => {
    const { ctx } = stage;
    const subject = subjectOf();
    const sids = await addSessions(stage, zone, subject, 14, { minutes: 10 });
    const agent = await addAgentSession(stage, zone, sids[0] ?? "");
    await addSessions(stage, zone, subject, 3, { minutes: -5 }); // expired though still active (trap 5)
    const { runId } = await startRun({ ctx, input: { from: { kind: "session", sessionId: sids[0] ?? "" } } });
    expect((await getRun({ ctx, input: { runId } })).state).toBe("identify");
    await confirmSubject({ ctx, input: { runId } });
    const before = await getRun({ ctx, input: { runId } });
    expect(before.blast).toMatchObject({ liveSessions: 14, agentSessionCount: 1, capped: false });
    expect(before.state).toBe("blast_radius");

    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    expect(stage.enqueued.at(-1)).toEqual({ runId, round });
    await runRevocationRound({ ctx, input: { runId, round } });
    const proof = await provedRun(runId);
    expect(proof).toMatchObject({ total: 14, proved: 14, live: 0, trouble: [], signatureNote: null });
    expect(proof.groups.map((group) => [group.group, group.required, group.passed]).sort()).toEqual([
      ["gateway-revocation", true, 14],
      ["resource-revocation", true, 14],
      ["sts-revocation", true, 14],
    ]);
    expect(proof.targets[0]).toMatchObject({
      postgres: "revoked",
      resourceKey: "present",
      signature: "valid",
      outcome: "revoked",
    });

    const rows = await outboxOf(sids);
    expect(rows).toHaveLength(14);
    expect(rows[0]).toMatchObject({ attempts: 1, locked_until: null, stream_name: "caracal.sessions.revoke" });
    expect(rows[0].payload_json).toEqual({
      zone_id: zone,
      session_id: expect.any(String),
      reason: "stolen mandate (by Dana Responder)",
      console_ref: rows[0].id,
    });
    expect(rows.every((row) => row.dispatched_at !== null)).toBe(true);
    const ended = await stage.owner.query("SELECT status, terminated_at FROM agent_sessions WHERE id = $1", [agent]);
    expect(ended.rows[0]).toMatchObject({ status: "terminated", terminated_at: expect.any(Date) });

    await expect(startWaiting({ ctx, input: { runId } })).rejects.toMatchObject({
      code: "precondition_failed",
      message: expect.stringContaining("second sweep"),
    });
    const [late] = await addSessions(stage, zone, subject, 1, { minutes: 10 }); // an exchange that was in flight (trap 4)
    await expect(startWaiting({ ctx, input: { runId } })).rejects.toMatchObject({
      message: expect.stringContaining("live right now"),
    });
    const second = await sweepAgain({ ctx, input: { runId } });
    await runRevocationRound({ ctx, input: { runId, round: second.round } });
    const again = await provedRun(runId);
    expect(again.targets.find((target) => target.sid === late)).toMatchObject({
      sweep: 2,
      outcome: "revoked",
      proved: true,
    });
    expect(again.total).toBe(15);
    await startWaiting({ ctx, input: { runId } });

    const waiting = await getRun({ ctx, input: { runId } });
    expect(waiting.state).toBe("wait");
    expect(waiting.exposure.map((item) => item.id)).toEqual(
      expect.arrayContaining(["ambient", "open-responses", "per-call"]),
    );
    await expect(finish({ ctx, input: { runId } })).rejects.toMatchObject({ code: "precondition_failed" });
    await tick({
      ctx,
      input: { runId, item: "remaining-exposure", skippedReason: "no resource server skips revocations here" },
    });
    await finish({ ctx, input: { runId } });
    expect((await getRun({ ctx, input: { runId } })).state).toBe("done");

    const { entries } = await runLog({ ctx, input: { runId, afterSeq: 0, limit: 200 } });
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, at) => at + 1));
    const kinds = entries.map((entry) => entry.kind);
    for (const kind of [
      "started",
      "blast-radius",
      "revoke",
      "planned",
      "round-finished",
      "observed",
      "sweep-again",
      "proved",
      "checklist",
      "done",
    ])
      expect(kinds).toContain(kind);
    expect(entries.some((entry) => entry.text === "sts-revocation passed 15 of 15")).toBe(true);
    expect((await listRuns({ ctx, input: { limit: 10 } })).rows[0]).toMatchObject({ id: runId, state: "done" });
  });

  it("leaves rows alone that were revoked before, and publishes nothing for them", async () => {
    const subject = subjectOf();
    const mine = await addSessions(stage, zone, subject, 2);
    const theirs = await addSessions(stage, zone, subject, 2, { status: "revoked" });
    const runId = await runAtRevoke(subject);
    expect((await provedRun(runId)).total).toBe(2);
    expect(await outboxOf(theirs)).toHaveLength(0);
    expect(await outboxOf(mine)).toHaveLength(2);
  });

  it("gives exactly one round to any number of concurrent clicks", async () => {
    const { ctx } = stage;
    const subject = subjectOf();
    const sids = await addSessions(stage, zone, subject, 5);
    const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId: zone, subjectId: subject } } });
    await confirmSubject({ ctx, input: { runId } });
    const clicks = await Promise.allSettled(
      Array.from({ length: 12 }, () => revoke({ ctx, input: { runId, reason: "stolen mandate" } })),
    );
    expect(clicks.filter((click) => click.status === "fulfilled")).toHaveLength(1);
    for (const click of clicks)
      if (click.status === "rejected") expect(click.reason).toMatchObject({ code: "conflict" });
    const workers = await Promise.allSettled(
      Array.from({ length: 4 }, () => runRevocationRound({ ctx, input: { runId, round: 1 } })),
    );
    expect(workers.some((worker) => worker.status === "fulfilled")).toBe(true);
    expect(await outboxOf(sids)).toHaveLength(5);
    await provedRun(runId);
    const again = await Promise.allSettled(Array.from({ length: 12 }, () => publishAgain({ ctx, input: { runId } })));
    expect(again.filter((click) => click.status === "fulfilled")).toHaveLength(1);
    expect((await getRun({ ctx, input: { runId } })).rounds).toHaveLength(2);
  });

  it("refuses unknown and foreign ids and writes nothing", async () => {
    const { ctx } = stage;
    const before = (await listRuns({ ctx, input: { limit: 100 } })).rows.length;
    const foreignZone = await addZone(stage);
    const subject = subjectOf();
    const [sid] = await addSessions(stage, zone, subject, 1);
    const inputs = [
      { kind: "session", sessionId: "no-such-session" },
      { kind: "subject", zoneId: foreignZone, subjectId: subject },
      { kind: "event", eventId: "no-such-event", occurredAt: new Date().toISOString(), sessionId: sid ?? "" },
    ] as const;
    for (const from of inputs)
      await expect(startRun({ ctx, input: { from } })).rejects.toMatchObject({ code: "not_found" });
    expect((await listRuns({ ctx, input: { limit: 100 } })).rows).toHaveLength(before);
    const runId = "3f0e8c7a-0000-4000-8000-000000000000";
    for (const verb of [getRun, confirmSubject, sweepAgain, publishAgain, startWaiting, finish, takeOver])
      await expect(verb({ ctx, input: { runId } })).rejects.toMatchObject({ code: "not_found" });
    await expect(listRuns({ ctx, input: { limit: 5, cursor: "nonsense" } })).rejects.toMatchObject({
      code: "stale_cursor",
    });
  });

  it("lets a colleague take the run over and abandon it, and refuses acts afterwards", async () => {
    const { ctx } = stage;
    const subject = subjectOf();
    await addSessions(stage, zone, subject, 1);
    const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId: zone, subjectId: subject } } });
    await takeOver({ ctx: { ...ctx, actor: remy }, input: { runId } });
    expect((await getRun({ ctx, input: { runId } })).driver).toEqual({ id: remy.id, name: remy.name });
    expect((await getRun({ ctx, input: { runId } })).createdBy).toEqual({ id: dana.id, name: dana.name });
    await abandon({ ctx: { ...ctx, actor: remy }, input: { runId, reason: "wrong subject" } });
    await expect(confirmSubject({ ctx, input: { runId } })).rejects.toMatchObject({ code: "conflict" });
    const { entries } = await runLog({ ctx, input: { runId, afterSeq: 0, limit: 50 } });
    expect(entries.map((entry) => entry.kind)).toEqual(["started", "taken-over", "abandoned"]);
  });

  it("keeps its log append-only even for the owner of the tables", async () => {
    const { Client } = (await import("pg")).default;
    const client = new Client({ connectionString: stage.urls.consoleOwner });
    await client.connect();
    for (const statement of ["UPDATE playbook_log SET text = 'x'", "DELETE FROM playbook_log", "TRUNCATE playbook_log"])
      await expect(client.query(statement)).rejects.toThrow(/append-only/);
    await client.end();
  });
});
