import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { addSessions, addZone, until } from "@/sandbox/playbook-stage/arrange";
import { openStage, type Stage, type StageOptions } from "@/sandbox/playbook-stage/stage";
import type { Database, Queryable } from "@/server/platform/postgres";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { getRun } from "@/server/playbooks/get-run";
import { observeRun } from "@/server/playbooks/observe-run";
import { publishAgain } from "@/server/playbooks/publish-again";
import { revoke } from "@/server/playbooks/revoke";
import type { RoundContext } from "@/server/playbooks/round-context";
import { runLog } from "@/server/playbooks/run-log";
import { runRevocationRound } from "@/server/playbooks/run-round";
import { startRun } from "@/server/playbooks/start-run";
import { startWaiting } from "@/server/playbooks/start-waiting";

let stage: Stage;
let zone: string;
afterEach(() => stage.close());

async function open(options: StageOptions, count: number) {
  stage = await openStage(options);
  zone = await addZone(stage);
  const sids = await addSessions(stage, zone, "agent-7", count);
  const { ctx } = stage;
  const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId: zone, subjectId: "agent-7" } } });
  await confirmSubject({ ctx, input: { runId } });
  return { ctx, runId, sids };
}

const look = async (runId: string) => {
  await stage.ctx.collector.sampleNow(); // as the process's collector does every second or so
  return (await observeRun({ ctx: stage.ctx, input: { runId } })).proof;
};
const proved = (runId: string, seconds = 20) =>
  until(
    "every target proved",
    async () => {
      const proof = await look(runId);
      return proof !== null && proof.total > 0 && proof.proved === proof.total ? proof : null;
    },
    seconds,
  );
const entriesOf = async () => stage.ctx.caracal.redis.xrange("caracal.sessions.revoke", "-", "+", "COUNT", 5_000);

/** Lets `allowed` statements through, then fails each further one, as a process that is gone would: before it is sent. */
function failingAfter(ctx: RoundContext, allowed: number): RoundContext {
  let left = allowed;
  const spend = () => {
    left -= 1;
    if (left < 0) throw new Error("killed here");
  };
  const guard = (queryable: Queryable): Queryable => ({
    async query(sql, params) {
      if (!/^(BEGIN|COMMIT|ROLLBACK)$/.test(sql)) spend();
      return queryable.query(sql, params);
    },
  });
  const guarded = (db: Database): Database => ({
    ...guard(db),
    transaction: (work) => db.transaction((tx) => work(guard(tx))),
    close: () => db.close(),
  });
  return { ...ctx, db: guarded(ctx.db), caracal: { ...ctx.caracal, db: guarded(ctx.caracal.db) } };
}

describe("crashes", () => {
  it("completes after a failure before any statement: one outbox row per sid and round, entries only repeated for rows in flight", async () => {
    const { ctx, runId, sids } = await open({ leaseSeconds: 1 }, 6);
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    let finished = false;
    for (let allowed = 0; !finished && allowed < 60; allowed += 1)
      await runRevocationRound({ ctx: failingAfter(ctx, allowed), input: { runId, round } }).then(
        () => {
          finished = true;
        },
        (error: unknown) => expect(String(error)).toContain("killed here"),
      );
    expect(finished).toBe(true);
    expect(await proved(runId)).toMatchObject({ total: 6, proved: 6 });
    const rows = await stage.owner.query("SELECT id, dispatched_at FROM event_outbox");
    expect(rows.rows).toHaveLength(6);
    expect(rows.rows.every((row) => row.dispatched_at !== null)).toBe(true);
    const entries = await entriesOf();
    const refs = entries.map(([, flat]) => flat[flat.indexOf("session_id") + 1]);
    expect(new Set(refs)).toEqual(new Set(sids));
    expect(entries.length).toBeLessThanOrEqual(12); // one copy in flight each, at most
    expect((await getRun({ ctx, input: { runId } })).state).toBe("verify");
  });

  it("keeps revoking in Postgres while Redis is away and publishes when it is back", async () => {
    const { ctx, runId, sids } = await open({ leaseSeconds: 1 }, 8);
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    await stage.redis.stop();
    await expect(runRevocationRound({ ctx, input: { runId, round } })).rejects.toMatchObject({
      code: "source_unreachable",
    });
    const { rows } = await stage.owner.query(
      "SELECT count(*)::int AS n FROM sessions WHERE id = ANY ($1) AND status = 'revoked'",
      [sids],
    );
    expect(rows[0].n).toBe(8);
    const away = await look(runId);
    expect(away?.trouble.join(" ")).toContain("Redis did not answer");
    expect((await getRun({ ctx, input: { runId } })).rounds[0]?.error).toContain("publishing goes on by itself");
    await stage.redis.start();
    await until("Redis is back", async () => (ctx.caracal.redis.status === "ready" ? true : null));
    await runRevocationRound({ ctx, input: { runId, round } });
    expect(await proved(runId)).toMatchObject({ proved: 8, trouble: [] });
  });
});

describe("consumers that do not do their part", () => {
  it("stays unproved while sts is paused, names the group, its lag and since when, and completes afterwards", async () => {
    const { ctx, runId } = await open({}, 4);
    stage.sts.pause();
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    await runRevocationRound({ ctx, input: { runId, round } });
    const proof = await until("gateways have read", async () => {
      const seen = await look(runId);
      return seen?.groups.find((group) => group.group === "gateway-revocation")?.passed === 4 ? seen : null;
    });
    const sts = proof.groups.find((group) => group.group === "sts-revocation");
    expect(proof.proved).toBe(0);
    expect(sts?.passed).toBe(0);
    expect((sts?.unread ?? 0) + (sts?.pending ?? 0)).toBe(4);
    expect(sts?.waitingSince).toBeGreaterThan(Date.now() - 60_000);
    expect(proof.summary).toMatch(/^0 of 4 proved · \d .*sts-revocation/);
    await expect(startWaiting({ ctx, input: { runId } })).rejects.toMatchObject({ code: "precondition_failed" });
    stage.sts.resume();
    expect((await proved(runId)).proved).toBe(4);
  });

  it("publishes through the API when our key does not verify what others sign, and says that wrong signatures are dropped", async () => {
    const theirs = randomBytes(32);
    const { ctx, runId } = await open({ consumersKey: theirs }, 2);
    const forged = { zone_id: zone, session_id: "somebody-else", reason: "grant_revoked", _sig: "00".repeat(32) };
    await ctx.caracal.redis.xadd("caracal.sessions.revoke", "*", ...Object.entries(forged).flat());
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    const run = await getRun({ ctx, input: { runId } });
    expect(run.rounds[0]?.lane).toBe("api");
    expect(run.lane.note).toContain("would be dropped");
    await runRevocationRound({ ctx, input: { runId, round } });
    const { rows } = await stage.owner.query("SELECT id, payload_json, locked_by, dispatched_at FROM event_outbox");
    expect(rows.every((row) => row.locked_by === null && row.dispatched_at === null)).toBe(true);
    for (const row of rows) {
      const fields = { ...row.payload_json, _sig: "11".repeat(32) }; // the API, under a key that is not ours
      await ctx.caracal.redis.xadd("caracal.sessions.revoke", "*", ...Object.entries(fields).flat().map(String));
      await stage.owner.query("UPDATE event_outbox SET dispatched_at = now() WHERE id = $1", [row.id]);
    }
    const proof = await until("entries are found", async () => {
      const seen = await look(runId);
      return seen?.targets.every((target) => target.signature === "invalid") ? seen : null;
    });
    expect(proof.proved).toBe(0);
    expect(proof.targets[0]?.missing).toContain("consumers drop it");
    const { entries } = await runLog({ ctx, input: { runId, afterSeq: 0, limit: 200 } });
    expect(entries.some((entry) => entry.text.includes("consumers drop them"))).toBe(true);
  });

  it("finds the entries that the API dispatched when there is no key, and says that signatures are not checked", async () => {
    const { ctx, runId } = await open({ streamsKey: null }, 3);
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    await runRevocationRound({ ctx, input: { runId, round } });
    const { streamSignature } = await import("@/server/caracal/stream-signature");
    const { rows } = await stage.owner.query("SELECT id, payload_json FROM event_outbox ORDER BY available_at");
    for (const row of rows) {
      const _sig = streamSignature(stage.key, "caracal.sessions.revoke", row.payload_json);
      await ctx.caracal.redis.xadd(
        "caracal.sessions.revoke",
        "*",
        ...Object.entries({ ...row.payload_json, _sig })
          .flat()
          .map(String),
      );
      await stage.owner.query("UPDATE event_outbox SET dispatched_at = now() WHERE id = $1", [row.id]);
    }
    const proof = await proved(runId);
    expect(proof.signatureNote).toContain("not checked");
    expect(proof.targets.every((target) => target.signature === "no-key")).toBe(true);
  });
});

/** Carries out a whole series of publishing again; `between` runs before each further round. */
async function series(runId: string, first: number, between: (round: number) => void = () => undefined) {
  let next: number | null = first;
  while (next !== null) {
    between(next);
    next = (await runRevocationRound({ ctx: stage.ctx, input: { runId, round: next } })).next;
  }
}

describe("publish again", () => {
  it("ends with 200 sids known to each of three gateways, one restarted in the middle", async () => {
    const { ctx, runId } = await open({ gateways: 3, resourceServer: false }, 200);
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    await runRevocationRound({ ctx, input: { runId, round } });
    await proved(runId);
    const before = await look(runId);
    expect(before?.gateways.some((gateway) => gateway.verdict === "missing")).toBe(true);
    const again = await publishAgain({ ctx, input: { runId } });
    await series(runId, again.round, (number) => {
      if (number === again.round + 4) stage.gateways[1]?.restart();
    });
    await ctx.collector.sampleNow();
    const proof = await look(runId);
    expect(proof?.gateways.map((gateway) => [gateway.known, gateway.verdict])).toEqual(Array(3).fill([200, "all"]));
    expect(proof?.gateways[1]?.restartedAt).not.toBeNull();
    expect(stage.gateways.map((gateway) => gateway.sids.size)).toEqual([200, 200, 200]);
  }, 120_000);

  it("ends honestly when one gateway is frozen", async () => {
    const { ctx, runId } = await open({ gateways: 3, resourceServer: false }, 30);
    const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
    await runRevocationRound({ ctx, input: { runId, round } });
    await proved(runId);
    await ctx.collector.sampleNow();
    stage.gateways[2]?.freeze();
    const missing = 30 - (stage.gateways[2]?.sids.size ?? 0);
    const again = await publishAgain({ ctx, input: { runId } });
    await series(runId, again.round);
    const proof = await until("gateway-3 is seen as silent", async () => {
      const seen = await look(runId);
      return seen?.gateways[2]?.verdict === "silent" ? seen : null;
    });
    expect(proof.gateways.slice(0, 2).map((gateway) => gateway.verdict)).not.toContain("missing");
    expect(proof.gateways[2]?.note).toContain(`${missing} missing on gateway-3`);
    const { entries } = await runLog({ ctx, input: { runId, afterSeq: 0, limit: 500 } });
    expect(entries.some((entry) => entry.text.includes(`${missing} missing on gateway-3`))).toBe(true);
  }, 120_000);
});
