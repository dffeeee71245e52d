import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { streamSignature } from "@/server/caracal/stream-signature";
import { finishGuided } from "@/server/playbooks/guided/end-guided";
import { getGuidedRun } from "@/server/playbooks/guided/guided-views";
import { settleStep } from "@/server/playbooks/guided/settle-step";
import { startGuided } from "@/server/playbooks/guided/start-guided";

const stream = "caracal.sessions.revoke";
const groups = ["sts-revocation", "gateway-revocation"] as const;
let stage: KeyStage;
beforeAll(async () => {
  stage = await openKeyStage();
});
afterAll(() => stage.close());

const ctx = () => ({ db: stage.db, caracal: stage.caracal, keks: stage.ctx.keks, actor: stage.actor });

async function publish(sid: string, signed = true): Promise<string> {
  const fields = { zone_id: "z", session_id: sid };
  const signature = signed ? streamSignature(stage.caracal.streamsKey as Buffer, stream, fields) : "0".repeat(64);
  return String(await stage.caracal.redis.xadd(stream, "*", ...Object.entries({ ...fields, _sig: signature }).flat()));
}
const read = (group: string) =>
  stage.caracal.redis.xreadgroup("GROUP", group, `${group}-1`, "COUNT", "100", "STREAMS", stream, ">");

test("the backlog playbook says which group, what was dropped, what is stuck and still live, and ends only with every group past the newest", async () => {
  const { redis } = stage.caracal;
  for (const group of groups) await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  const zone = await stage.newZone();
  await stage.caracalOwner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES
       ('s-1', $1, 'user', 'u', 'revoked', now() + interval '1 hour'), ('s-2', $1, 'user', 'u', 'active', now() + interval '1 hour')`,
    [zone],
  );
  const { runId } = await startGuided({
    ctx: ctx(),
    input: { playbook: "revocation-backlog", reason: "Revocations hang", drill: false },
  });
  const seen = async (step: string) =>
    (await getGuidedRun({ ctx: ctx(), input: { runId } })).steps.find(({ id }) => id === step)?.probe?.sentence;
  const settle = (step: string, more: { reason?: string; skip?: boolean } = {}) =>
    settleStep({ ctx: ctx(), input: { runId, step, skip: false, ...more } });

  const first = await publish("s-1");
  await read("sts-revocation");
  expect(await seen("locate")).toBe("gateway-revocation: 1 unread; sts-revocation: 1 pending.");
  await settle("locate");
  await expect(settle("alive")).rejects.toThrow(/gateway-revocation: 1 unread and no consumer/);
  await redis.xgroup("CREATECONSUMER", stream, "gateway-revocation", "gateway-revocation-1");
  expect(await seen("alive")).toContain(
    "Each group has a consumer that asks. Behind all the same: gateway-revocation, sts-revocation",
  );
  await settle("alive");
  const forged = await publish("s-2", false);
  await expect(settle("signatures")).rejects.toThrow(
    /1 of the newest 2 messages carry no signature that holds.*before anything is revoked on their word/,
  );
  await redis.xdel(stream, forged);
  await settle("signatures");

  await redis.call("XCLAIM", stream, "sts-revocation", "sts-revocation-1", "0", first, "IDLE", "90000", "JUSTID");
  await expect(settle("pending")).rejects.toThrow(
    /sts-revocation: 1 pending, the oldest for \d+ s with sts-revocation-1/,
  );
  await redis.xack(stream, "sts-revocation", first);
  await settle("pending");

  await publish("s-2");
  await stage.caracalOwner.query(
    "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) VALUES ('o-1', $1, '{}', 'infinity')",
    [stream],
  );
  await expect(settle("force")).rejects.toThrow(
    /1 of 2 named sessions are still active, s-2 first.*1 were given up on/,
  );
  await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked'");
  await stage.caracalOwner.query("DELETE FROM event_outbox");
  await settle("force");
  const { steps } = await getGuidedRun({ ctx: ctx(), input: { runId } });
  const [, lastId] = ((await redis.xinfo("STREAM", stream)) as string[]).slice(
    ((await redis.xinfo("STREAM", stream)) as string[]).indexOf("last-generated-id"),
  );
  expect(steps.find(({ id }) => id === "force")?.report).toEqual({ kind: "position", stream, lastId });

  await expect(settle("proof")).rejects.toThrow(/gateway-revocation is at 0-0; sts-revocation is at/);
  for (const group of groups) await read(group);
  await expect(settle("proof")).rejects.toThrow(/pending/);
  for (const group of groups)
    for (const [id] of (await redis.xpending(stream, group, "-", "+", 10)) as [string][])
      await redis.xack(stream, group, id);
  await publish("s-1"); // of after the revocation: a stream that goes on does not keep the run open
  await settle("proof");
  await settle("effect", { skip: true, reason: "No gateway has an address here" });
  await stage.caracalOwner.query("UPDATE sessions SET status = 'active' WHERE id = 's-2'");
  await expect(finishGuided({ ctx: ctx(), input: { runId } })).rejects.toThrow(/s-2 first/);
  await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked'");
  await finishGuided({ ctx: ctx(), input: { runId } });
});
