import { randomBytes, randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { addSessions, addZone, until } from "@/sandbox/playbook-stage/arrange";
import { openStage, type Stage, type StageOptions } from "@/sandbox/playbook-stage/stage";
import { chooseLane } from "@/server/caracal/revocation/preflight";
import { streamSignature } from "@/server/caracal/stream-signature";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { observeRun } from "@/server/playbooks/observe-run";
import { revoke } from "@/server/playbooks/revoke";
import { runRevocationRound } from "@/server/playbooks/run-round";
import { startRun } from "@/server/playbooks/start-run";

const stream = "caracal.sessions.revoke";
let stage: Stage;
afterEach(() => stage.close());

async function revoked(options: StageOptions, count: number): Promise<string> {
  stage = await openStage(options);
  const { ctx } = stage;
  const zoneId = await addZone(stage);
  await addSessions(stage, zoneId, "agent-7", count);
  const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId, subjectId: "agent-7" } } });
  await confirmSubject({ ctx, input: { runId } });
  const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
  await runRevocationRound({ ctx, input: { runId, round } });
  return runId;
}

const look = async (runId: string) => {
  await stage.ctx.collector.sampleNow();
  return (await observeRun({ ctx: stage.ctx, input: { runId } })).proof;
};
const proved = (runId: string) =>
  until("every target proved", async () => {
    const proof = await look(runId);
    return proof !== null && proof.total > 0 && proof.proved === proof.total ? proof : null;
  });

describe("what must not pass for proof", () => {
  it.each([true, false])(
    "consumers on another key acknowledge and drop: nothing is proved, in words (resource servers: %s)",
    async (resourceServer) => {
      const runId = await revoked({ consumersKey: randomBytes(32), resourceServer }, 3);
      const proof = await until("the drop is named", async () => {
        const seen = await look(runId);
        return seen?.summary.includes("acknowledged and dropped") ? seen : null;
      });
      expect(proof.proved).toBe(0);
      expect(proof.groups.filter((group) => group.required).map((group) => group.passed)).toEqual(
        Array(resourceServer ? 3 : 2).fill(3),
      );
      expect(proof.targets.every((target) => target.signature === "valid" && !target.proved)).toBe(true);
    },
  );

  it("a group that is destroyed after it passed is named, and so is one made anew at the end", async () => {
    const runId = await revoked({}, 3);
    await proved(runId);
    for (const one of [stage.sts, ...stage.gateways]) one.pause();
    for (const group of ["sts-revocation", "resource-revocation"]) {
      await stage.ctx.caracal.redis.xgroup("DESTROY", stream, group);
      const proof = await look(runId);
      expect(proof?.proved).toBe(0);
      expect(proof?.groups.find((line) => line.group === group)).toMatchObject({
        required: true,
        passed: 0,
        note: expect.stringContaining("does not exist"),
      });
      if (group === "sts-revocation") {
        await stage.ctx.caracal.redis.xgroup("CREATE", stream, group, "$");
        expect((await look(runId))?.summary).toContain("has no consumer");
      }
    }
  });
});

describe("the key before anything is published", () => {
  it("is judged by several entries of others, so that one forged entry does not push us into the slow lane", async () => {
    stage = await openStage({ resourceServer: false });
    const { caracal } = stage.ctx;
    const add = (fields: Record<string, string>) =>
      caracal.redis.xadd("caracal.policy.invalidate", "*", ...Object.entries(fields).flat());
    const fields = { zone_id: randomUUID(), policy_set_id: "p" };
    await add({ ...fields, _sig: streamSignature(stage.key, "caracal.policy.invalidate", fields) });
    await add({ ...fields, _sig: "00".repeat(32) });
    expect((await chooseLane(caracal, 10)).kind).toBe("fast");
    const other = { ...caracal, streamsKey: randomBytes(32) };
    const slow = await chooseLane(other, 10);
    expect(slow).toMatchObject({ kind: "api", note: expect.stringContaining("would be dropped") });
  });
});
