import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { StageConsumer } from "@/sandbox/playbook-stage/stage-consumer";
import { dispatchOnce } from "@/sandbox/services/api-parts/dispatcher";
import { observeRun } from "@/server/playbooks/observe-run";
import { runRevocationRound } from "@/server/playbooks/run-round";
import { type BenchEntry, type BenchReport, median } from "./result";
import { type BenchStage, openBenchStage, type Victim } from "./revoke-stage";

const sessions = 10_000;
const repeats = 7;
const loopSample = 300;
const laneSample = 512;
const stream = "caracal.sessions.revoke";

const included = `Each side revokes ${sessions} sessions over 50 zones, ${repeats} turns; medians, and for the bare SQL the median of each turn's own ratio.
verb: reads the recorded round, status + agent sessions + leased outbox rows, signing, XADD, dispatched_at, its own outcomes, publications and log, to the finished round.
bare SQL: one transaction with status + agent sessions + outbox rows + dispatched_at; nothing signed, published or recorded.
loop: a fresh connection, status and outbox row for each session; its publishing is left to the API and not counted.
API's lane: the stand-in's dispatcher on rows that are written already, 32 every 250 ms.`;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1_000;
}

async function throughVerb(stage: BenchStage, targets: readonly Victim[]): Promise<number> {
  const runId = await stage.recordedRun(targets);
  await stage.raw.del(stream);
  const took = await seconds(() => runRevocationRound({ ctx: stage.ctx, input: { runId, round: 1 } }));
  const { rows } = await stage.owner.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM event_outbox WHERE dispatched_at IS NOT NULL AND payload_json->>'session_id' = ANY ($1)",
    [targets.map((target) => target.sid)],
  );
  if (rows[0]?.n !== targets.length || (await stage.raw.xlen(stream)) !== targets.length)
    throw new Error("the verb left something undone");
  return took;
}

/** The same writes to Caracal's Postgres in one transaction: status, agent sessions, outbox row, dispatched_at. Nothing is published. */
async function throughBareSql(stage: BenchStage, targets: readonly Victim[]): Promise<number> {
  const client = new pg.Client({ connectionString: stage.caracalUrl });
  client.on("error", () => undefined); // cut when the stage closes early
  await client.connect();
  const sids = targets.map((target) => target.sid);
  const ids = targets.map(() => randomUUID());
  const took = await seconds(async () => {
    await client.query("BEGIN");
    await client.query("UPDATE sessions SET status = 'revoked' WHERE id = ANY ($1) AND status = 'active'", [sids]);
    await client.query(
      "UPDATE agent_sessions SET status = 'terminated', terminated_at = now() WHERE session_sid = ANY ($1) AND status IN ('active', 'suspended')",
      [sids],
    );
    await client.query(
      `INSERT INTO event_outbox (id, stream_name, payload_json)
       SELECT t.id, '${stream}', jsonb_build_object('zone_id', t.zone_id, 'session_id', t.sid, 'reason', 'bench', 'console_ref', t.id)
         FROM unnest($1::text[], $2::text[], $3::text[]) AS t (id, sid, zone_id)`,
      [ids, sids, targets.map((target) => target.zoneId)],
    );
    await client.query("UPDATE event_outbox SET dispatched_at = now() WHERE id = ANY ($1)", [ids]);
    await client.query("COMMIT");
  });
  await client.end();
  return took;
}

/** What the incident page's loop does, at its quickest: a fresh connection and two statements for each session. */
async function throughLoop(stage: BenchStage, targets: readonly Victim[]): Promise<number> {
  return seconds(async () => {
    for (const { sid, zoneId } of targets) {
      const client = new pg.Client({ connectionString: stage.caracalUrl });
      client.on("error", () => undefined);
      await client.connect();
      await client.query("UPDATE sessions SET status = 'revoked' WHERE id = $1 AND status = 'active'", [sid]);
      await client.query(
        `INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ($1, '${stream}', jsonb_build_object('zone_id', $2::text, 'session_id', $3::text))`,
        [randomUUID(), zoneId, sid],
      );
      await client.end();
    }
  });
}

/** The API's dispatcher at its own pace: a batch of 32 every 250 ms. */
async function throughApiLane(stage: BenchStage): Promise<number> {
  await stage.owner.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json)
     SELECT gen_random_uuid()::text, '${stream}', jsonb_build_object('zone_id', 'z', 'session_id', n::text) FROM generate_series(1, $1) AS n`,
    [laneSample],
  );
  return seconds(async () => {
    for (let done = 0; done < laneSample; ) {
      const tick = new Promise((resolve) => setTimeout(resolve, 250));
      done += await dispatchOnce(stage.owner, stage.raw, stage.key, "api:bench");
      await tick;
    }
  });
}

/** From the first write to the proof that every group has read every revocation, with one STS, two gateways, one resource server. */
async function untilProved(stage: BenchStage): Promise<number> {
  await stage.raw.del(stream);
  const consumer = (group: string, name: string) =>
    new StageConsumer({
      redisUrl: stage.redisUrl,
      group,
      name,
      key: stage.key,
      keepsKeys: group === "resource-revocation",
    });
  const consumers = [
    consumer("sts-revocation", "sts"),
    consumer("gateway-revocation", "g1"),
    consumer("gateway-revocation", "g2"),
    consumer("resource-revocation", "r1"),
  ];
  for (const one of consumers) await one.start();
  const runId = await stage.recordedRun(await stage.victims(sessions));
  const took = await seconds(async () => {
    await runRevocationRound({ ctx: stage.ctx, input: { runId, round: 1 } });
    for (;;) {
      const { proof } = await observeRun({ ctx: stage.ctx, input: { runId } });
      if (proof !== null && proof.total === sessions && proof.proved === sessions) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  for (const one of consumers) await one.stop();
  return took;
}

/** 10,000 revocations over 50 zones against a bare transaction, a loop and the API's lane, taking turns in one run. */
export async function bench(): Promise<BenchReport> {
  const stage = await openBenchStage();
  try {
    const [verb, bare, loop]: [number[], number[], number[]] = [[], [], []];
    console.log(included);
    await throughVerb(stage, await stage.victims(1_000)); // warm
    await throughBareSql(stage, await stage.victims(1_000));
    for (let turn = 0; turn < repeats; turn += 1) {
      const sets = [
        await stage.victims(sessions),
        await stage.victims(sessions),
        await stage.victims(loopSample),
      ] as const;
      await stage.settle();
      const inTurn = [
        async () => verb.push(sessions / (await throughVerb(stage, sets[0]))),
        async () => bare.push(sessions / (await throughBareSql(stage, sets[1]))),
      ];
      if (turn % 2 === 1) inTurn.reverse();
      for (const one of inTurn) await one();
      loop.push(loopSample / (await throughLoop(stage, sets[2])));
    }
    const lane = laneSample / (await throughApiLane(stage));
    const proved = await untilProved(stage);
    const ours = median(verb);
    // neighbours in time, so that a machine that slows down meanwhile does not decide
    const besideBare = median(verb.map((rate, turn) => rate / (bare[turn] ?? Number.NaN)));
    const entry = (against: string, ratio: number, least: number): BenchEntry => ({
      bench: "revoke",
      figure: `sessions revoked and published per second, against ${against}`,
      value: ours,
      unit: "1/s",
      against,
      ratio,
      goal: `ratio >= ${least}`,
      pass: ratio >= least,
    });
    return {
      name: "revoke",
      entries: [
        entry("one bare set-based SQL transaction", besideBare, 0.5),
        entry("a loop that revokes one by one", ours / median(loop), 50),
        entry("the API's own lane", ours / lane, 8),
      ],
      notes: [
        { figure: "bare set-based SQL, nothing published", value: median(bare), unit: "1/s" },
        { figure: `loop, fresh connection each, sample of ${loopSample}`, value: median(loop), unit: "1/s" },
        { figure: `API's lane, sample of ${laneSample}`, value: lane, unit: "1/s" },
        { figure: `from first write to ${sessions} proved by all groups`, value: proved, unit: "s" },
      ],
    };
  } catch (error) {
    console.error("the bench failed:", error); // before closing, which cuts connections and would hide it
    throw error;
  } finally {
    await stage.close();
  }
}
