import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { agreed } from "@/sandbox/agreed";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { destroyConsumer } from "@/server/caracal/streams/pending-acts";
import type { Database } from "@/server/platform/postgres";
import { forgetReads } from "@/server/platform/shared-read";
import { ackPendingAction } from "@/server/streams/acts/ack-pending.action";
import { ackProved } from "@/server/streams/acts/ack-proved";
import type { ActContext } from "@/server/streams/acts/act-row";
import { takeDueActs } from "@/server/streams/acts/act-worker";
import { claimBack } from "@/server/streams/acts/claim-back";
import { claimPending } from "@/server/streams/acts/claim-pending";
import { destroyStaleConsumer } from "@/server/streams/acts/destroy-consumer";
import { listActs } from "@/server/streams/acts/list-acts";
import { performAct } from "@/server/streams/acts/perform-act";
import { claimInput } from "@/server/streams/acts/schemas";

const stream = "caracal.sessions.revoke";
const group = "sts-revocation";
const reason = "Its consumer is gone";

let stage: KeyStage;
let dana: Actor;
let ids: string[];
beforeAll(async () => {
  stage = await openKeyStage();
  dana = await newPerson(stage.db, "dana", ["responder"]);
  const zone = await stage.newZone();
  await stage.caracalOwner.query(
    `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at) VALUES
       ('s-revoked', $1, 'user', 'u', 'revoked', now() + interval '1 hour'),
       ('s-active', $1, 'user', 'u', 'active', now() + interval '1 hour')`,
    [zone],
  );
});
afterAll(() => stage.close());

/** Two entries old enough to be claimed, held by a consumer that is dead: one whose session is revoked, one whose is not. */
beforeEach(async () => {
  const { redis } = stage.caracal;
  await redis.del(stream);
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  ids = [];
  for (const sid of ["s-revoked", "s-active"])
    ids.push(String(await redis.xadd(stream, "*", "zone_id", "z", "session_id", sid)));
  await redis.xreadgroup("GROUP", group, "sts-dead", "COUNT", "10", "STREAMS", stream, ">");
  await redis.xgroup("CREATECONSUMER", stream, group, "sts-alive");
  for (const id of ids) await age(id, 120_000);
  forgetReads(redis);
});

const ctx = (over: Partial<ActContext> = {}) => ({ db: stage.db, caracal: stage.caracal, actor: dana, ...over });
const age = (id: string, ms: number) =>
  stage.caracal.redis.call("XCLAIM", stream, group, "sts-dead", "0", id, "IDLE", ms, "JUSTID");
const pending = async () =>
  (await stage.caracal.redis.xpending(stream, group, "-", "+", 10)) as [string, string, number, number][];
const owners = async () => (await pending()).map(([, consumer]) => consumer);
const claim = (over: Partial<Parameters<typeof claimPending>[0]["input"]> = {}, given = ctx()) =>
  claimPending({
    ctx: given,
    input: { stream, group, ids, consumer: "sts-alive", minIdleMs: 60_000, reason, ...over },
  });
const acts = () => listActs({ ctx: ctx(), input: { stream } });

async function recordOf(kind: string): Promise<string[]> {
  const { rows } = await stage.owner.query<{ summary: string }>(
    "SELECT summary FROM timeline_entries WHERE kind = $1 ORDER BY chain, seq",
    [kind],
  );
  return rows.map(({ summary }) => summary);
}

test("a claim moves entries to a living consumer as old as they were, is on record before and after, and is taken back once", async () => {
  expect(await claim()).toMatchObject({ done: true, sentence: "2 claimed" });
  const moved = await pending();
  expect(moved.map(([, consumer, idle, deliveries]) => [consumer, idle >= 120_000, deliveries])).toEqual([
    ["sts-alive", true, 1],
    ["sts-alive", true, 1],
  ]);
  expect((await recordOf("stream.claim-ordered")).at(-1)).toContain(reason);
  expect((await recordOf("stream.claim-done")).at(-1)).toContain("2 claimed");
  const [act] = await acts();
  expect(act?.canBeTakenBack).toBe(true);
  await stage.caracal.redis.xack(stream, group, ids[0] ?? "");
  expect(await claimBack({ ctx: ctx(), input: { actId: act?.id ?? "", reason } })).toMatchObject({
    sentence: "1 no longer pending, 1 given back",
  });
  expect(await owners()).toEqual(["sts-dead"]);
  await expect(claimBack({ ctx: ctx(), input: { actId: act?.id ?? "", reason } })).rejects.toThrow(
    /taken back already/,
  );
});

test("what is younger than a minute, trimmed, or would go to a dead consumer is not claimed, each with why", async () => {
  expect(claimInput.safeParse({ stream, group, ids, consumer: "c", reason, minIdleMs: 59_999 }).success).toBe(false);
  await expect(claim({ minIdleMs: 86_400_000 })).rejects.toThrow(/may still be at work, and both would apply/);
  await age(ids[1] ?? "", 1_000);
  await expect(claim()).rejects.toThrow(/One entry has been with a consumer for less than 60 s/);
  await age(ids[1] ?? "", 120_000);
  await expect(claim({ consumer: "nobody" })).rejects.toThrow(/no consumer called nobody/);
  await stage.caracal.redis.xdel(stream, ids[1] ?? "");
  await expect(claim()).rejects.toThrow(/delete the last trace/);
  expect(await owners()).toEqual(["sts-dead", "sts-dead"]);
  await expect(claim({ ids: ["1-1"] })).rejects.toThrow(/no longer pending/);
  await expect(claim({ stream: "caracal.none" })).rejects.toThrow(/no such stream or group/);
});

test("what changed between order and effect is left: another holder is not robbed of what it took up", async () => {
  const { redis } = stage.caracal;
  const late: Database = {
    ...stage.db,
    async transaction(work) {
      const value = await stage.db.transaction(work);
      await redis.call("XCLAIM", stream, group, "sts-quick", "0", ids[0] ?? "", "JUSTID");
      await redis.xdel(stream, ids[1] ?? "");
      return value;
    },
  };
  const answer = await claimPending({
    ctx: ctx({ db: late }),
    input: { stream, group, ids, consumer: "sts-alive", minIdleMs: 60_000, reason },
  });
  expect(answer.sentence).toBe("1 left: held for too short a time, 1 left: payload trimmed");
  expect(await owners()).toEqual(["sts-quick", "sts-dead"]); // the trimmed entry's trace is still there
});

test("one person acknowledges what is proved, and nothing else", async () => {
  const ack = (of: string[]) => ackProved({ ctx: ctx(), input: { stream, group, ids: of, reason } });
  await expect(ack(ids)).rejects.toThrow(/One entry is not proved .* takes two people/);
  expect(await pending()).toHaveLength(2);
  expect(await ack(ids.slice(0, 1))).toMatchObject({ done: true, sentence: "1 acknowledged" });
  expect((await pending()).map(([id]) => id)).toEqual(ids.slice(1));
});

test("the proof is asked for again when it is done: what is not proved any more stays pending", async () => {
  const changing: Database = {
    ...stage.db,
    async transaction(work) {
      const value = await stage.db.transaction(work);
      await stage.caracalOwner.query("UPDATE sessions SET status = 'active' WHERE id = 's-revoked'");
      return value;
    },
  };
  const input = { stream, group, ids: ids.slice(0, 1), reason };
  const answer = await ackProved({ ctx: ctx({ db: changing }), input });
  await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked' WHERE id = 's-revoked'");
  expect(answer.sentence).toBe("1 left: no longer proved");
  expect(await pending()).toHaveLength(2);
});

test("two people acknowledge exactly what was frozen, while Postgres says the same of it", async () => {
  const action = ackPendingAction(ctx());
  const stored = await agreed(stage.owner, action, { stream, group, ids }, dana);
  expect((await action.freeze({ stream, group, ids })).blast.sentence).toContain("1 of them dropped without proof");
  expect(await action.recheck(stored)).toBeNull();
  await stage.caracalOwner.query("UPDATE sessions SET status = 'revoked' WHERE id = 's-active'");
  expect(await action.recheck(stored)).toContain("applied");
  await stage.caracalOwner.query("UPDATE sessions SET status = 'active' WHERE id = 's-active'");
  const ref = await stage.db.transaction((tx) => action.start(tx, stored, dana));
  expect(await pending()).toHaveLength(2); // intent first
  await action.wake(ref);
  expect(await pending()).toEqual([]);
  expect((await recordOf("approval.result")).at(-1)).toBe("Executed: 2 acknowledged");
  await action.wake(ref);
  expect(await recordOf("approval.result")).toHaveLength(1);
  expect(await action.recheck(stored)).toContain("no longer pending");
  await expect(action.freeze({ stream, group })).rejects.toMatchObject({ code: "bad_input" });
});

test("a consumer goes only when it holds nothing and is silent, both at that very moment", async () => {
  const { redis } = stage.caracal;
  const destroy = (consumer: string) =>
    destroyStaleConsumer({ ctx: ctx(), input: { stream, group, consumer, reason } });
  await expect(destroy("sts-dead")).rejects.toThrow(/holds 2 pending entries, which would be lost/);
  await expect(destroy("sts-alive")).rejects.toThrow(/it is alive/);
  await expect(destroy("sts-none")).rejects.toMatchObject({ code: "not_found" });
  const where = { stream, group };
  expect(await destroyConsumer(redis, where, { consumer: "sts-dead", silentMs: 0 })).toMatchObject({ fate: "holds" });
  expect(await destroyConsumer(redis, where, { consumer: "sts-alive", silentMs: 60_000 })).toMatchObject({
    fate: "alive",
  });
  expect(await pending()).toHaveLength(2);
  expect(await destroyConsumer(redis, where, { consumer: "sts-alive", silentMs: 0 })).toMatchObject({
    fate: "destroyed",
  });
  expect(await destroyConsumer(redis, where, { consumer: "sts-alive", silentMs: 0 })).toMatchObject({ fate: "absent" });
  await redis.xadd(stream, "*", "zone_id", "z");
  await redis.xreadgroup("GROUP", group, "sts-alive", "COUNT", "1", "STREAMS", stream, ">"); // a living one is made again and loses nothing
  expect((await pending()).map(([, consumer]) => consumer)).toContain("sts-alive");
});

/** A context in which the `n`th thing asked of the console's database or of Redis is done, and is the last thing ever done. */
function dyingAfter(n: number): ActContext {
  let left = n;
  const count = async <T>(work: () => Promise<T>): Promise<T> => {
    if (left <= 0) throw new Error("killed");
    const value = await work();
    left -= 1;
    if (left === 0) throw new Error("killed");
    return value;
  };
  const db: Database = {
    query: (sql, params) => count(() => stage.db.query(sql, params)),
    transaction: (work) => count(() => stage.db.transaction(work)),
    close: async () => undefined,
  };
  const redis = new Proxy(stage.caracal.redis, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (name === "eval")
        return (...given: unknown[]) => count(() => (member as typeof target.eval).apply(target, given as never));
      if (name === "pipeline")
        return () => {
          const pipe = target.pipeline();
          const exec = pipe.exec.bind(pipe);
          return Object.assign(pipe, { exec: () => count(() => exec()) });
        };
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { db, caracal: { ...stage.caracal, redis } };
}

type Killed = { readonly act: (given: ActContext & { actor: Actor }) => Promise<unknown>; readonly left: string[] };

test.each<[string, () => Killed]>([
  ["a claim", () => ({ act: (given) => claim({}, given), left: ["sts-alive", "sts-alive"] })],
  [
    "an acknowledgement of what is proved",
    () => ({
      act: (given) => ackProved({ ctx: given, input: { stream, group, ids: ids.slice(0, 1), reason } }),
      left: ["sts-dead"],
    }),
  ],
  [
    "an acknowledgement by two people",
    () => ({
      async act(given) {
        const stored = await agreed(stage.owner, ackPendingAction(ctx()), { stream, group, ids }, dana);
        const action = ackPendingAction(given);
        await action.wake(await given.db.transaction((tx) => action.start(tx, stored, dana)));
      },
      left: [],
    }),
  ],
])("killed after any statement or command of %s, a successor brings it to its one end", async (_, make) => {
  const { redis } = stage.caracal;
  let orderedAt = 0;
  for (let n = 1; n <= 9; n += 1) {
    await stage.owner.query("DELETE FROM stream_acts");
    await redis.xgroup("DELCONSUMER", stream, group, "sts-dead");
    await redis.xgroup("DELCONSUMER", stream, group, "sts-alive");
    await redis.xgroup("SETID", stream, group, "0");
    await redis.xreadgroup("GROUP", group, "sts-dead", "COUNT", "10", "STREAMS", stream, ">");
    await redis.xgroup("CREATECONSUMER", stream, group, "sts-alive");
    for (const id of ids) await age(id, 120_000);
    forgetReads(redis);
    const { act, left } = make();
    await act({ ...dyingAfter(n), actor: dana }).catch(() => undefined);
    const begun = await owners();
    const due = async () => {
      await stage.owner.query("UPDATE stream_acts SET heartbeat_at = 'epoch'");
      const acts = await takeDueActs(ctx());
      for (const one of acts) await performAct(ctx(), one);
      return acts.length;
    };
    await due();
    await due();
    const [ordered] = await acts();
    if (ordered === undefined) {
      expect(begun, `no row, no effect: killed after ${n}`).toEqual(["sts-dead", "sts-dead"]);
      continue;
    }
    orderedAt += 1;
    expect(ordered, `killed after ${n}`).toMatchObject({ state: "done" });
    expect(await owners(), `killed after ${n}`).toEqual(left);
    expect(await due()).toBe(0);
  }
  expect(orderedAt).toBeGreaterThanOrEqual(3);
});

test("while Redis is away an act waits on record, with why, and is done when Redis is back", async () => {
  const broken = new Proxy(stage.caracal.redis, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (name === "eval") return () => Promise.reject(new Error("Connection is closed."));
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const answer = await claim({}, ctx({ caracal: { ...stage.caracal, redis: broken } }));
  expect(answer).toMatchObject({ done: false, sentence: expect.stringContaining("Connection is closed") });
  expect((await acts())[0]?.sentence).toContain("tried again until it is done");
  await stage.owner.query("UPDATE stream_acts SET heartbeat_at = 'epoch' WHERE id = $1", [answer.actId]);
  for (const act of await takeDueActs(ctx())) await performAct(ctx(), act);
  expect(await owners()).toEqual(["sts-alive", "sts-alive"]);
});
