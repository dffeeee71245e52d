import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { addSessions, addZone, until } from "@/sandbox/playbook-stage/arrange";
import type { WorkerOrder } from "@/sandbox/playbook-stage/killed-worker";
import { openStage, type Stage } from "@/sandbox/playbook-stage/stage";
import { confirmSubject } from "@/server/playbooks/confirm-subject";
import { observeRun } from "@/server/playbooks/observe-run";
import { revoke } from "@/server/playbooks/revoke";
import { startRun } from "@/server/playbooks/start-run";

const script = fileURLToPath(new URL("../../sandbox/playbook-stage/killed-worker.ts", import.meta.url));
let stage: Stage;
let children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await stage.close();
});

async function ordered(count: number) {
  stage = await openStage({ gateways: 1, leaseSeconds: 1 });
  const { ctx } = stage;
  const zoneId = await addZone(stage);
  const sids = await addSessions(stage, zoneId, "agent-7", count);
  const { runId } = await startRun({ ctx, input: { from: { kind: "subject", zoneId, subjectId: "agent-7" } } });
  await confirmSubject({ ctx, input: { runId } });
  const { round } = await revoke({ ctx, input: { runId, reason: "stolen mandate" } });
  return { runId, round, sids };
}

/** Another process; resolves to the signal that ended it, or null when it ended by itself with success. */
function worker(changes: Partial<WorkerOrder>): Promise<NodeJS.Signals | null> {
  const { console: ours, caracal, redis } = stage.urls;
  const order: WorkerOrder = {
    console: ours,
    caracal,
    redis,
    streamsKey: stage.key.toString("hex"),
    leaseSeconds: 1,
    round: null,
    dieBefore: null,
    dieAfterPublishing: false,
    ...changes,
  };
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.push(child);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return once(child, "exit").then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    if (code !== null && code !== 0) throw new Error(`the worker failed: ${said}`);
    return signal as NodeJS.Signals | null;
  });
}

async function outbox() {
  const { rows } = await stage.owner.query<{ id: string; sid: string; dispatched: boolean }>(
    "SELECT id, payload_json->>'session_id' AS sid, dispatched_at IS NOT NULL AS dispatched FROM event_outbox",
  );
  return rows;
}

/** How many stream entries each outbox row has. */
async function copies(): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  const entries = await stage.ctx.caracal.redis.xrange("caracal.sessions.revoke", "-", "+");
  for (const [, flat] of entries) {
    const reference = flat[flat.indexOf("console_ref") + 1] ?? "";
    counted.set(reference, (counted.get(reference) ?? 0) + 1);
  }
  return counted;
}

async function expectWhole(runId: string, sids: readonly string[], inFlight: ReadonlySet<string>): Promise<void> {
  const rows = await outbox();
  expect(rows.map((row) => row.sid).sort()).toEqual([...sids].sort()); // one row per sid
  expect(rows.every((row) => row.dispatched)).toBe(true);
  const counted = await copies();
  expect(new Set(counted.keys())).toEqual(new Set(rows.map((row) => row.id)));
  const repeated = [...counted].filter(([, count]) => count > 1);
  for (const [reference, count] of repeated) expect([count, inFlight.has(reference)]).toEqual([2, true]);
  await until(
    "every target proved",
    async () => {
      const { proof } = await observeRun({ ctx: stage.ctx, input: { runId } });
      return proof?.total === sids.length && proof.proved === sids.length ? proof : null;
    },
    40,
  );
}

/** More than one batch, so that a kill also falls between batches. */
const count = 1_200;
const points: [string, Partial<WorkerOrder>][] = [
  ["before its targets are recorded", { dieBefore: 7 }],
  ["after intent, before the first write", { dieBefore: 11 }],
  ["between XADD and dispatched_at", { dieAfterPublishing: true }],
  ["after the first batch is written, before it is recorded", { dieBefore: 12 }],
  ["with the second batch under way", { dieBefore: 14 }],
  ["near the end", { dieBefore: 17 }],
];

describe("kill -9 of a worker", () => {
  it.each(points)("%s: another process completes the round", async (_, point) => {
    const { runId, round, sids } = await ordered(count);
    expect(await worker({ ...point, round: { runId, round } })).toBe("SIGKILL");
    const inFlight = new Set((await outbox()).filter((row) => !row.dispatched).map((row) => row.id));
    if (point.dieAfterPublishing) expect([inFlight.size > 0, (await copies()).size > 0]).toEqual([true, true]);
    expect(await worker({ round: { runId, round } })).toBeNull();
    await expectWhole(runId, sids, inFlight);
  });

  it("in the job queue: the round of the killed one is picked up by another replica", async () => {
    const { runId, round, sids } = await ordered(40);
    // As if its enqueueing had been lost: the supervisor of a replica finds the recorded round.
    await stage.ctx.db.query("UPDATE playbook_rounds SET heartbeat_at = now() - interval '1 minute'");
    expect(await worker({ dieAfterPublishing: true })).toBe("SIGKILL");
    const killedAt = Date.now();
    const inFlight = new Set((await outbox()).map((row) => row.id));
    expect(inFlight.size).toBe(40);
    void worker({});
    const beat = async () => {
      const rows = await stage.ctx.db.query<{ state: string }>(
        "SELECT state FROM playbook_rounds WHERE run_id = $1 AND round = $2",
        [runId, round],
      );
      return rows[0]?.state === "finished" ? true : null;
    };
    await until("the other replica has finished the round", beat, 75); // silent for 15 s, then the lease of 30 s
    expect(Date.now() - killedAt).toBeLessThan(60_000);
    await expectWhole(runId, sids, inFlight);
  }, 150_000);
});
